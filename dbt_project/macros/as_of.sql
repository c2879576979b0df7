{# Whether an interval of the catalog holds on a day: from `valid_from` until before `valid_to`, without an end where
   either is null. #}
{% macro as_of(relation, day) -%}
    ({{ day }} >= {{ relation }}.valid_from or {{ relation }}.valid_from is null)
    and ({{ day }} < {{ relation }}.valid_to or {{ relation }}.valid_to is null)
{%- endmacro %}
