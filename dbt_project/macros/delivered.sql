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

{#- The events of a source's table, each once: of one that was written down several times the first, of copies the one
    that was delivered last. -#}
{% macro delivered_events(source_name, table) -%}
    select *
    from ({{ delivered(source_name, table) }}) as events
    qualify row_number() over (
        partition by event_id
        order by occurred_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1
{%- endmacro %}
