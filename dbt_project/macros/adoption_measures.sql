{# The counts of a feature's users: name, the date of the event that opens an interval, and how many days it stays open. #}
{% macro adoption_measures() -%}
    {{ return([
        ('active', 'last_use_date', 1),
        ('active_7d', 'last_use_date', 7),
        ('active_28d', 'last_use_date', 28),
        ('exposed', 'last_exposed_date', 1),
        ('exposed_28d', 'last_exposed_date', 28),
    ]) }}
{%- endmacro %}

{# How many days after a changed day a feature's counts may change with it. #}
{% macro adoption_reach() -%}
    {{ return(var('excluded_user_memory_days') + var('target_base_days')) }}
{%- endmacro %}
