{{ config(materialized='table') }}

{% set measured = [
    'throughput',
    'deployment_cadence',
    'cost_per_prediction',
    'mttr',
    'business_value',
    'npv',
    'accuracy',
    'drift_rate',
    'feature_adoption',
    'satisfaction',
] %}

with

final as (

    {% for kpi_id in measured %}
    select
        model_id,
        kpi_id,
        period,
        period_start_date,
        numerator,
        denominator,
        sample_size,
        ci_low,
        ci_high,
        data_until_at,
        gap_reason
    from {{ ref('int_' ~ kpi_id ~ '__summed') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
