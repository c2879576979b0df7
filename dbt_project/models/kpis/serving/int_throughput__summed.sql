with

days as (

    select * from {{ ref('int_serving_days__covered') }}
    where model_id <> 'unmapped'

),

serving as (select * from {{ ref('fct_serving_hourly') }}),

served as (

    select
        model_id,
        event_date,
        sum(prediction_count) as prediction_count,
        max(hour_at) filter (where prediction_count > 0) as last_hour_at

    from serving
    group by all

),

daily as (

    select
        days.model_id,
        days.event_date,
        days.gap_reason,
        case when days.is_covered then 24 end as covered_hours,
        case when days.is_covered then coalesce(served.prediction_count, 0) end as prediction_count,
        served.last_hour_at + interval 1 hour as data_until_at

    from days
    left join served
        on
            days.model_id = served.model_id
            and days.event_date = served.event_date

),

periodic as (

    {% for period in ['day', 'week', 'month', 'quarter'] %}
    select
        *,
        '{{ period }}' as period,
        cast(date_trunc('{{ period }}', event_date) as date) as period_start_date
    from daily
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        model_id,
        'throughput' as kpi_id,
        period,
        period_start_date,
        cast(sum(prediction_count) as double) as numerator,
        cast(sum(covered_hours) as double) as denominator,
        cast(sum(prediction_count) as bigint) as sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        max(data_until_at) as data_until_at,
        case when sum(covered_hours) is null then max(gap_reason) end as gap_reason

    from periodic
    group by all

)

select * from final
