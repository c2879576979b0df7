{{ config(materialized='view') }}

with

users as (

    select * from {{ ref('int_experiment_users__assigned') }}
    where inclusion_status = 'counted'

),

measured as (

    select measured.*
    from {{ ref('int_experiment_users__measured') }} as measured
    inner join {{ source('catalog', 'experiment_metrics') }} as metrics
        on
            measured.experiment_id = metrics.experiment_id
            and measured.metric_id = metrics.metric_id
    where metrics.kind = 'quantile'

),

experiments as (select * from {{ source('catalog', 'experiments') }}),

known as (

    select max(day) + interval 1 day as until_at
    from {{ source('ledger', 'coverage') }}
    where source = 'experiments'

),

valued as (

    select
        measured.experiment_id,
        measured.metric_id,
        users.variation_id,
        cast(measured.x as double) as x
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

),

final as (

    select
        experiment_id,
        metric_id,
        variation_id,

        -- Three significant digits: at most half a per cent off, and a thousand values for any number of users.
        case when x = 0 then 0.0 else round(x, 2 - cast(floor(log10(abs(x))) as integer)) end as tally_value,
        count(*) as unit_count

    from valued
    group by all

)

select * from final
