{# Whether a charge's category counts as compute in KPI 3, and in energy. #}
{% macro is_compute() -%}
    category in ('{{ var("compute_cost_categories") | join("', '") }}')
{%- endmacro %}

{# The sum of a column of fct_model_cost_daily over compute. #}
{% macro compute_cost(column) -%}
    sum({{ column }}) filter ({{ is_compute() }})
{%- endmacro %}
