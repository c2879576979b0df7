{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

{% set first_try = "logged.traffic = 'request'" %}
{% set counted = first_try ~ " and logged.error_class is null and logged.environment = 'prod'" %}

with

logged as (

    select * from {{ staged(sources_of_requests(), 'requests_hourly') }}
    where {{ in_days_to_rebuild('event_date') }}

),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

final as (

    select
        {{ serving_model_id() }} as model_id,

        logged.hour_at,
        logged.event_date,

        logged.logged_name,
        logged.model_version,
        logged.endpoint,
        logged.environment,
        logged.region,
        logged.instance_type,
        logged.record_source,

        cast(coalesce(sum(logged.prediction_count) filter (where {{ counted }}), 0) as bigint) as prediction_count,
        cast(coalesce(sum(logged.prediction_count) filter (where not ({{ counted }})), 0) as bigint)
            as excluded_prediction_count,
        cast(coalesce(sum(logged.request_count) filter (where {{ first_try }}), 0) as bigint) as request_count,
        cast(
            coalesce(sum(logged.request_count) filter (where {{ first_try }} and logged.error_class is not null), 0)
            as bigint
        ) as failed_request_count,
        cast(coalesce(sum(logged.request_count) filter (where logged.traffic = 'retry'), 0) as bigint)
            as retry_request_count,
        cast(coalesce(sum(logged.request_count) filter (where logged.traffic = 'health_check'), 0) as bigint)
            as health_check_count,
        {% for error_class in ['client', 'rate_limit', 'timeout', 'server', 'other'] -%}
        cast(
            coalesce(
                sum(logged.request_count) filter (where {{ first_try }} and logged.error_class = '{{ error_class }}'),
                0
            ) as bigint
        ) as {{ error_class }}_error_count,
        {% endfor -%}
        cast(sum(logged.input_tokens) as bigint) as input_tokens,
        cast(sum(logged.output_tokens) as bigint) as output_tokens,
        cast(sum(logged.cached_input_tokens) as bigint) as cached_input_tokens,
        cast(sum(logged.busy_ms) as double) / 1000 as busy_seconds

    from logged
    {{ serving_model_joins() }}
    group by all

)

select * from final
