with

incidents as (select * from {{ ref('mart_incidents') }}),

serving as (select * from {{ ref('mart_throughput_hourly') }}),

latency as (

    select * from {{ ref('fct_latency_hourly') }}
    where environment = 'prod' and measure = 'latency'

),

weeks as (select unnest(generate_series(0, {{ var('incident_reference_weeks') }})) as weeks_before),

-- The hours of the incident, and the same hours of the weeks before that lie before it.
hours as (

    select
        incidents.incident_id,
        incidents.model_id,
        weeks.weeks_before,
        unnest(generate_series(
            date_trunc('hour', incidents.started_at),
            coalesce(incidents.resolved_at, incidents.known_until_at) - interval 1 microsecond,
            interval 1 hour
        )) - to_days(cast(7 * weeks.weeks_before as integer)) as hour_at,
        date_trunc('hour', incidents.started_at) as first_hour_at

    from incidents
    cross join weeks

),

compared as (

    select * from hours
    where weeks_before = 0 or hour_at < first_hour_at

),

counted as (

    select
        compared.incident_id,
        compared.weeks_before,
        cast(sum(serving.prediction_count) as double) as prediction_sum,
        cast(count(serving.prediction_count) as double) as hour_sum,
        cast(sum(serving.unavailable_request_count) as double) as unavailable_sum,
        cast(sum(serving.request_count) as double) as request_sum

    from compared
    inner join serving on compared.model_id = serving.model_id and compared.hour_at = serving.hour_at
    group by all

),

timed as (

    select
        compared.incident_id,
        compared.weeks_before,
        latency.bucket,
        latency.measure,
        sum(latency.request_count) as request_count

    from compared
    inner join latency on compared.model_id = latency.model_id and compared.hour_at = latency.hour_at
    group by all

),

timed_usually as (

    select * from timed
    where weeks_before > 0

),

weekly_quantiles as (

    {{ histogram_quantiles('timed', ['incident_id', 'weeks_before'], 'latency') }}

),

usual_quantiles as (

    {{ histogram_quantiles('timed_usually', ['incident_id'], 'latency') }}

),

-- A quantile is read off the merged histogram: there are no sums that the weeks' could be divided by.
weekly as (

    select
        incident_id,
        weeks_before,
        'predictions_per_hour' as measure,
        prediction_sum as numerator,
        hour_sum as denominator,
        {{ ratio('prediction_sum', 'hour_sum') }} as value  -- noqa: RF04
    from counted
    union all
    select
        incident_id,
        weeks_before,
        'unavailable_rate' as measure,
        unavailable_sum as numerator,
        request_sum as denominator,
        {{ ratio('unavailable_sum', 'request_sum') }} as value  -- noqa: RF04
    from counted
    union all
    select
        incident_id,
        weeks_before,
        'latency_p95_ms' as measure,
        null as numerator,
        null as denominator,
        latency_p95_ms as value  -- noqa: RF04
    from weekly_quantiles

),

summed as (

    select
        incident_id,
        measure,
        max(value) filter (where weeks_before = 0) as during_value,
        {{ ratio(
            'sum(numerator) filter (where weeks_before > 0)', 'sum(denominator) filter (where weeks_before > 0)'
        ) }} as usual_ratio,
        min(value) filter (where weeks_before > 0) as usual_low,
        max(value) filter (where weeks_before > 0) as usual_high,
        count(value) filter (where weeks_before > 0) as reference_week_count

    from weekly
    group by all

),

final as (

    select
        summed.incident_id,
        incidents.model_id,

        summed.measure,

        summed.during_value,
        coalesce(summed.usual_ratio, usual_quantiles.latency_p95_ms) as usual_value,
        summed.usual_low,
        summed.usual_high,
        summed.during_value - coalesce(summed.usual_ratio, usual_quantiles.latency_p95_ms) as change,
        {{ ratio(
            'summed.during_value - coalesce(summed.usual_ratio, usual_quantiles.latency_p95_ms)',
            'coalesce(summed.usual_ratio, usual_quantiles.latency_p95_ms)'
        ) }} as change_relative,
        summed.reference_week_count

    from summed
    inner join incidents on summed.incident_id = incidents.incident_id
    left join usual_quantiles
        on summed.incident_id = usual_quantiles.incident_id and summed.measure = 'latency_p95_ms'

)

select * from final
