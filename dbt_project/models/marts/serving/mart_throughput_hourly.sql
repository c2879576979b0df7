{#- An hour's spike threshold looks back 28 days, so a changed day changes the 28 after it. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_days_to_rebuild('event_date', forward=28) }}"
) }}

{% set counts = [
    'prediction_count', 'excluded_prediction_count', 'request_count', 'failed_request_count', 'client_error_count',
    'rate_limit_error_count', 'timeout_error_count', 'server_error_count', 'other_error_count',
    'retry_request_count', 'health_check_count'
] %}

with

days as (

    select * from {{ ref('int_serving_days__covered') }}
    where {{ in_days_to_rebuild('event_date', back=28, forward=28) }}

),

serving as (

    select * from {{ ref('fct_serving_hourly') }}
    where {{ in_days_to_rebuild('event_date', back=28, forward=28) }}

),

latency as (

    select * from {{ ref('int_latency_hourly__quantiled') }}
    where {{ in_days_to_rebuild('event_date', forward=28) }}

),

slas as (select * from {{ source('catalog', 'slas') }}),

served as (

    select
        model_id,
        hour_at,
        {% for count in counts -%}
        sum({{ count }}) filter (where environment = 'prod') as {{ count }},
        {% endfor -%}
        sum(request_count) filter (where environment <> 'prod') as other_environment_request_count,
        sum(input_tokens) filter (where environment = 'prod') as input_tokens,
        sum(output_tokens) filter (where environment = 'prod') as output_tokens,
        sum(cached_input_tokens) filter (where environment = 'prod') as cached_input_tokens,
        cast(sum(cast(busy_seconds * 1000000 as bigint)) filter (where environment = 'prod') as double) / 1000000
            as busy_seconds

    from serving
    group by all

),

hours_of_day as (select unnest(generate_series(0, 23)) as number),

hours as (

    select
        days.model_id,
        days.event_date + to_hours(cast(hours_of_day.number as integer)) as hour_at,
        days.event_date,
        days.is_covered

    from days
    cross join hours_of_day

),

hourly as (

    select
        hours.*,
        {% for count in counts + ['other_environment_request_count'] -%}
        case when hours.is_covered then cast(coalesce(served.{{ count }}, 0) as bigint) end as {{ count }},
        {% endfor -%}
        cast(served.input_tokens as bigint) as input_tokens,
        cast(served.output_tokens as bigint) as output_tokens,
        cast(served.cached_input_tokens as bigint) as cached_input_tokens,
        served.busy_seconds

    from hours
    left join served
        on
            hours.model_id = served.model_id
            and hours.hour_at = served.hour_at

),

rolled as (

    select
        *,
        sum(prediction_count) over last_day as predictions_24h,
        count(prediction_count) over last_day as covered_hours_24h,
        sum(prediction_count) over last_week as predictions_7d,
        count(prediction_count) over last_week as covered_hours_7d,
        quantile_cont(prediction_count, 0.95) over before_it as p95_before,
        count(prediction_count) over before_it as covered_hours_before

    from hourly
    window
        last_day as (
            partition by model_id order by hour_at
            range between interval 23 hours preceding and current row
        ),
        last_week as (
            partition by model_id order by hour_at
            range between interval 167 hours preceding and current row
        ),
        before_it as (
            partition by model_id order by hour_at
            range between interval 672 hours preceding and interval 1 hour preceding
        )

),

thresholds as (

    select
        *,
        case when covered_hours_before >= {{ var('spike_history_hours') }} then p95_before end
            as predictions_per_hour_p95_28d

    from rolled

),

final as (

    select
        thresholds.model_id,

        thresholds.hour_at,
        thresholds.event_date,

        thresholds.is_covered,
        thresholds.prediction_count > thresholds.predictions_per_hour_p95_28d as is_spike,

        {% for count in counts -%}
        thresholds.{{ count }},
        {% endfor -%}
        thresholds.other_environment_request_count,
        thresholds.input_tokens,
        thresholds.output_tokens,
        thresholds.cached_input_tokens,
        thresholds.busy_seconds,
        cast(thresholds.prediction_count as double) as predictions_per_hour,
        {{ ratio('thresholds.predictions_24h', 'thresholds.covered_hours_24h') }} as predictions_per_hour_24h,
        {{ ratio('thresholds.predictions_7d', 'thresholds.covered_hours_7d') }} as predictions_per_hour_7d,
        thresholds.predictions_per_hour_p95_28d,

        thresholds.request_count - thresholds.failed_request_count + thresholds.client_error_count
            as available_request_count,
        thresholds.failed_request_count - thresholds.client_error_count as unavailable_request_count,
        {{ ratio(
            'thresholds.request_count - thresholds.failed_request_count + thresholds.client_error_count',
            'thresholds.request_count'
        ) }} as availability_rate,
        slas.availability as availability_target_rate,

        latency.latency_request_count,
        latency.latency_good_count,
        latency.latency_request_count - latency.latency_good_count as latency_bad_count,
        latency.latency_p50_ms,
        latency.latency_p95_ms,
        latency.latency_p99_ms,
        latency.ttft_p50_ms,
        latency.ttft_p95_ms,
        latency.ttft_p99_ms,
        slas.latency_p95_ms as latency_target_ms

    from thresholds
    left join latency
        on
            thresholds.model_id = latency.model_id
            and thresholds.hour_at = latency.hour_at
    left join slas
        on
            thresholds.model_id = slas.member_id
            and {{ as_of('slas', 'thresholds.event_date') }}
    where {{ in_days_to_rebuild('thresholds.event_date', forward=28) }}

)

select * from final
