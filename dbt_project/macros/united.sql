{#- The `columns` that the `sources` of a role have in one shape, each in its model `int_<source>_<things>`; whose rows
    they are stands in `record_source`. -#}
{% macro united(sources, things, columns) -%}
{% for source in sources -%}
    select
        '{{ source }}' as record_source,
        {{ columns | join(',\n        ') }}

    from {{ ref('int_' ~ source ~ '_' ~ things) }}
    {{ '\n    union all\n' if not loop.last }}
{%- endfor %}
{%- endmacro %}
