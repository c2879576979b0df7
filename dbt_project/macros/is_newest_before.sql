{# Whether an event of `relation` is the newest of its group that came before the change it is joined to; where none
   did, the first that came after: events may be delivered late, never before they happened. #}
{% macro is_newest_before(relation, keys, change='endpoint_changes') -%}
    row_number() over (
        partition by {{ keys }}
        order by
            coalesce({{ relation }}.occurred_at <= {{ change }}.occurred_at, false) desc,
            abs(epoch_us({{ relation }}.occurred_at) - epoch_us({{ change }}.occurred_at)) asc nulls last,
            {{ number_order(relation ~ '.sagemaker_event_id') }} desc
    ) = 1
{%- endmacro %}
