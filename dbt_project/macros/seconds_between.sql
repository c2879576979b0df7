{# Seconds from one instant to another, exact to the millisecond and exact to add up. #}
{% macro seconds_between(begin, until) -%}
    cast(date_diff('millisecond', {{ begin }}, {{ until }}) * 0.001 as decimal(18, 3))
{%- endmacro %}
