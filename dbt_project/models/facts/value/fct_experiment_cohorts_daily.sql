{{ config(materialized='view') }}

with

users as (

    select * from {{ ref('int_experiment_users__assigned') }}
    where inclusion_status = 'counted'

),

-- Widened, or the product of two of a thousand would be wider than its type.
measured as (

    select
        * exclude (x, d, past),
        cast(x as decimal(38, 6)) as x,
        cast(d as decimal(38, 6)) as d,
        cast(past as decimal(38, 6)) as past
    from {{ ref('int_experiment_users__measured') }}

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

        measured.first_exposed_date,

        count(*) as unit_count,
        count(*) filter (where users.window_until_at > known.until_at) as open_unit_count,

        sum(measured.x) as sum_x,
        sum(measured.x * measured.x) as sum_xx,
        sum(measured.d) as sum_d,
        sum(measured.d * measured.d) as sum_dd,
        sum(measured.x * measured.d) as sum_xd,
        sum(measured.past) as sum_past,
        sum(measured.past * measured.past) as sum_past_past,
        sum(measured.x * measured.past) as sum_x_past

    from measured
    inner join users
        on
            measured.experiment_id = users.experiment_id
            and measured.user_id = users.user_id
    inner join experiments on measured.experiment_id = experiments.experiment_id
    cross join known
    where
        measured.x is not null
        and (not experiments.excludes_open_windows or users.window_until_at <= known.until_at)
    group by measured.experiment_id, measured.metric_id, users.variation_id, measured.first_exposed_date

)

select * from final
