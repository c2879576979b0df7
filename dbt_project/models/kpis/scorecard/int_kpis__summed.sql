{{ config(materialized='table') }}

with

final as (

    {% for kpi_id in kpi_ids() %}
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
