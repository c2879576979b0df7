{#- When each content was first delivered (`ledger.files.delivered_at`), of one source or of all. -#}
{% macro deliveries(source_name=none) -%}
    select
        source,
        content_id,
        min(delivered_at) as delivered_at
    from {{ source('ledger', 'files') }}
    {% if source_name -%} where source = '{{ source_name }}' {%- endif %}
    group by source, content_id
{%- endmacro %}

{#- The rows of a source's table with `delivered_at`, when the file that holds them was first delivered: of two states
    of one thing the later delivery holds, whatever hash its file happens to have. -#}
{% macro delivered(source_name, table) -%}
    select
        loaded.*,
        deliveries.delivered_at
    from {{ source(source_name, table) }} as loaded
    left join ({{ deliveries(source_name) }}) as deliveries
        on loaded._content_id = deliveries.content_id
{%- endmacro %}
