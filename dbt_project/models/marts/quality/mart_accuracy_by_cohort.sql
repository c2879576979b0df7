{%- set measures = accuracy_measures() %}
{%- set keys = ['model_id', 'period', 'period_start_date', 'label_source', 'cohort_attribute', 'cohort_value'] %}

with

sums as (

    select
        *,
        {%- for name, (numerator, denominator) in measures.items() %}
        {{ ratio(numerator, denominator) }} as {{ name }}_value
        {%- if not loop.last %},{% endif %}
        {%- endfor %}

    from {{ ref('int_accuracy__reduced') }}
    where scope = 'model' and period <> 'day'

),

ends as (

    select * from {{ ref('int_accuracy__estimated') }}
    where scope = 'model' and period <> 'day'

),

quality as (select * from {{ source('catalog', 'quality') }}),

final as (

    select
        sums.model_id,

        sums.period_start_date,

        sums.period,
        sums.label_source,
        sums.cohort_attribute,
        sums.cohort_value,
        quality.primary_metric as measure,

        sums.is_mature,
        sums.label_count < quality.minimum_sample as is_too_small,

        sums.prediction_count,
        sums.label_count as labelled_count,
        {{ ratio('sums.label_count', 'sums.prediction_count') }} as label_coverage_rate,

        {% for source, part, alias in [
            ('sums', 'value', 'score'), ('ends', 'low', 'score_ci_low'), ('ends', 'high', 'score_ci_high')
        ] -%}
        case quality.primary_metric
            {%- for name in measures %}
            when '{{ name }}' then {{ source }}.{{ name }}_{{ part }}
            {%- endfor %}
        end as {{ alias }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}

    from sums
    inner join ends on {{ same_keys('sums', 'ends', keys) }}
    inner join quality on sums.model_id = quality.member_id

)

select * from final
