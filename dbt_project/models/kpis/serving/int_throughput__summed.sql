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
        case when days.is_covered then coalesce(served.prediction_count, 0) end as numerator,
        case when days.is_covered then 24 end as denominator,
        numerator as sample_size,
        served.last_hour_at + interval 1 hour as data_until_at

    from days
    left join served
        on
            days.model_id = served.model_id
            and days.event_date = served.event_date

),

final as (

    {{ summed_days('throughput', 'daily', 'case when sum(denominator) is null then max(gap_reason) end') }}

)

select * from final
