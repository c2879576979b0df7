{{ config(materialized='table') }}

with

costs as (select * from {{ ref('fct_model_cost_daily') }}),

serving as (select * from {{ ref('fct_serving_hourly') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

computed as (

    select
        model_id,
        event_date,
        {{ compute_cost('effective_cost_usd') }} as compute_cost_usd,
        {{ compute_cost('unconverted_charge_count') }} > 0 as is_partly_unconverted

    from costs
    group by all

),

predicted as (

    select
        model_id,
        event_date,
        sum(prediction_count) as prediction_count

    from serving
    group by all

),

logged as (

    select day

    from coverage
    where source = 'serving_logs'

),

billed as (

    select day

    from coverage
    where source = 'cloud_billing'

),

model_days as (

    select
        models.model_id,
        days.event_date,
        computed.compute_cost_usd,
        coalesce(predicted.prediction_count, 0) as prediction_count,
        billed.day is not null as is_billed,
        logged.day is not null as is_logged,
        coalesce(computed.is_partly_unconverted, false) as is_partly_unconverted,
        -- A day counts where both are known. One with predictions and no compute on the bill is a bill still to
        -- come, or a name missing from the catalog: it would make the others look cheaper than they were.
        computed.compute_cost_usd is not null
        and logged.day is not null
        and not coalesce(computed.is_partly_unconverted, false) as is_counted

    from models
    cross join days
    left join computed
        on
            models.model_id = computed.model_id
            and days.event_date = computed.event_date
    left join predicted
        on
            models.model_id = predicted.model_id
            and days.event_date = predicted.event_date
    left join billed on days.event_date = billed.day
    left join logged on days.event_date = logged.day

),

summed as (

    {% for period in ['day', 'week', 'month', 'quarter'] -%}
    select
        model_id,
        '{{ period }}' as period,
        cast(date_trunc('{{ period }}', event_date) as date) as period_start_date,
        cast(sum(compute_cost_usd) filter (is_counted) as double) as numerator,
        cast(sum(prediction_count) filter (is_counted) as double) as denominator,
        cast(sum(prediction_count) filter (is_counted) as bigint) as sample_size,
        max(event_date) filter (is_counted) as last_date,
        bool_or(is_billed) as is_billed,
        bool_or(is_logged) as is_logged,
        bool_or(is_partly_unconverted) as is_partly_unconverted,
        bool_or(compute_cost_usd is not null) as has_compute

    from model_days
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

final as (

    select
        model_id,
        'cost_per_prediction' as kpi_id,

        period_start_date,

        period,
        case
            when denominator > 0 then null
            when not is_billed then 'no cloud bill loaded'
            when not is_logged then 'no serving logs loaded'
            when is_partly_unconverted then 'no exchange rate for a charge'
            when not has_compute then 'no compute on the bill in its name'
            when denominator = 0 then 'no predictions'
            else 'bill and logs share no day'
        end as gap_reason,

        numerator,
        denominator,
        sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        cast(last_date + interval 1 day as timestamp) as data_until_at

    from summed

)

select * from final
