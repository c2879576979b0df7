{#
  The days that a run rebuilds. A day's rows may be made from other days' too: `back` and `forward` say how many
  days before and after a changed day change with it (trailing 28 days: forward=27; amounts in dollars:
  rate_holds_days, see int_fx_rates__daily).
#}
{% macro in_days_to_rebuild(column, back=0, forward=0) -%}
    {{ column }} in (
        select cast(days_to_rebuild.day + cast(reach.days as integer) as date)
        from {{ source('ledger', 'days_to_rebuild') }} as days_to_rebuild
        cross join (select unnest(generate_series(-{{ back }}, {{ forward }})) as days) as reach
    )
{%- endmacro %}

{# As in_days_to_rebuild, for a column holding the first day of a `grain` (week, month, quarter): every period that
   holds a changed day. #}
{% macro in_periods_to_rebuild(column, grain, back=0, forward=0) -%}
    {{ column }} in (
        select cast(date_trunc('{{ grain }}', days_to_rebuild.day + cast(reach.days as integer)) as date)
        from {{ source('ledger', 'days_to_rebuild') }} as days_to_rebuild
        cross join (select unnest(generate_series(-{{ back }}, {{ forward }})) as days) as reach
    )
{%- endmacro %}

{# A pre-hook for incremental models that append: clears what the run is about to write, so that a day which has
   become empty becomes empty. It runs in the model's own transaction. #}
{% macro delete_days_to_rebuild(column, back=0, forward=0) -%}
    {% if is_incremental() %}
        delete from {{ this }} where {{ in_days_to_rebuild(column, back, forward) }}
    {% endif %}
{%- endmacro %}

{% macro delete_periods_to_rebuild(column, grain_column, back=0, forward=0) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where {% for grain in ['day', 'week', 'month', 'quarter'] %}
            ({{ grain_column }} = '{{ grain }}' and {{ in_periods_to_rebuild(column, grain, back, forward) }})
            {{ 'or' if not loop.last }}
        {% endfor %}
    {% endif %}
{%- endmacro %}

{# The days on which an identity that becomes known on a day to rebuild may change who did what: those of the anonymous
   events before it, and those for which an excluded or merged user is remembered. #}
{% macro in_identity_window(column) -%}
    {{ in_days_to_rebuild(column, back=var('identity_lookback_days'), forward=var('excluded_user_memory_days')) }}
{%- endmacro %}

{% macro delete_identity_window(column) -%}
    {{ delete_days_to_rebuild(column, back=var('identity_lookback_days'), forward=var('excluded_user_memory_days')) }}
{%- endmacro %}
