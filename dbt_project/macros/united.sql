{#- Union of the models `int_<source>_<things>` over the `sources` of a role: their common `columns`, and the source in
    `record_source`. -#}
{% macro united(sources, things, columns) -%}
{% for source in sources -%}
    select
        '{{ source }}' as record_source,
        {{ columns | join(',\n        ') }}

    from {{ ref('int_' ~ source ~ '_' ~ things) }}
    {{ '\n    union all\n' if not loop.last }}
{%- endfor %}
{%- endmacro %}

{#- Union of the staging models `stg_<source>__<things>` over the `sources` of a role, in parentheses, and the source in
    `record_source`. -#}
{% macro staged(sources, things) -%}
(
    {%- for source in sources %}
    select
        *,
        '{{ source }}' as record_source
    from {{ ref('stg_' ~ source ~ '__' ~ things) }}
    {{- '\n    union all by name' if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}
