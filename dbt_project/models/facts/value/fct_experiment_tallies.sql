{{ config(materialized='view') }}

with

counted as (

    select
        * exclude (x),
        cast(x as double) as x
    from {{ ref('int_experiment_values__counted') }}

),

metrics as (

    select * from {{ source('catalog', 'experiment_metrics') }}
    where kind = 'quantile'

),

final as (

    select
        counted.experiment_id,
        counted.metric_id,
        counted.variation_id,

        -- Three significant digits: at most half a per cent off, and a thousand values for any number of users.
        case
            when counted.x = 0 then 0.0
            else round(counted.x, 2 - cast(floor(log10(abs(counted.x))) as integer))
        end as tally_value,
        count(*) as unit_count

    from counted
    inner join metrics
        on
            counted.experiment_id = metrics.experiment_id
            and counted.metric_id = metrics.metric_id
    group by all

)

select * from final
