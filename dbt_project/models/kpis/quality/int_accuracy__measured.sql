{%- set measures = accuracy_measures() %}
{%- set keys = accuracy_window_keys() %}

with

windows as (select * from {{ ref('int_accuracy__reduced') }}),

ends as (select * from {{ ref('int_accuracy__estimated') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

final as (

    select
        {%- for key in keys %}
        windows.{{ key }},
        {%- endfor %}

        quality.primary_metric as measure,
        windows.label_source = quality.label_source as is_declared_source,
        windows.is_mature,
        windows.label_count < quality.minimum_sample as is_too_small,

        windows.prediction_count,
        windows.label_count as labelled_count,

        {% for part in [0, 1] -%}
        case quality.primary_metric
            {%- for name, terms in measures.items() %}
            when '{{ name }}' then cast({{ terms[part] }} as double)
            {%- endfor %}
        end as {{ ['numerator', 'denominator'][part] }},
        {% endfor -%}
        {{ ratio('numerator', 'denominator') }} as score,
        {%- for end in ['low', 'high'] %}
        case quality.primary_metric
            {%- for name in measures %}
            when '{{ name }}' then ends.{{ name }}_{{ end }}
            {%- endfor %}
        end as score_ci_{{ end }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}

    from windows
    inner join ends on {{ same_keys('windows', 'ends', keys) }}
    inner join quality on windows.model_id = quality.member_id

)

select * from final
