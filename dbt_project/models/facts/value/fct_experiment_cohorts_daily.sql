{{ config(materialized='view') }}

with

-- Widened, or the product of two of a thousand would be wider than its type.
counted as (

    select
        * exclude (x, d, past),
        cast(x as decimal(38, 6)) as x,
        cast(d as decimal(38, 6)) as d,
        cast(past as decimal(38, 6)) as past
    from {{ ref('int_experiment_values__counted') }}

),

final as (

    select
        experiment_id,
        metric_id,
        variation_id,

        first_exposed_date,

        count(*) as unit_count,
        count(*) filter (where is_window_open) as open_unit_count,

        sum(x) as sum_x,
        sum(x * x) as sum_xx,
        sum(d) as sum_d,
        sum(d * d) as sum_dd,
        sum(x * d) as sum_xd,
        sum(past) as sum_past,
        sum(past * past) as sum_past_past,
        sum(x * past) as sum_x_past

    from counted
    group by all

)

select * from final
