{{ config(materialized='view') }}

with

users as (

    select * from {{ ref('int_experiment_users__assigned') }}
    where inclusion_status = 'counted'

),

measured as (

    select * from {{ ref('int_experiment_users__measured') }}
    where x is not null

),

experiments as (select * from {{ source('catalog', 'experiments') }}),

known as (

    select max(day) + interval 1 day as until_at
    from {{ source('ledger', 'coverage') }}
    where source = 'experiments'

),

final as (

    select
        measured.experiment_id,
        measured.metric_id,
        users.variation_id,
        measured.user_id,

        measured.first_exposed_date,

        users.window_until_at > known.until_at as is_window_open,

        measured.x,
        measured.d,
        measured.past

    from measured
    inner join users
        on
            measured.experiment_id = users.experiment_id
            and measured.user_id = users.user_id
    inner join experiments on measured.experiment_id = experiments.experiment_id
    cross join known
    where not (experiments.excludes_open_windows and users.window_until_at > known.until_at)

)

select * from final
