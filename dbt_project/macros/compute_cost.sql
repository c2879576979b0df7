{# The sum of a column of fct_model_cost_daily over what counts as compute in KPI 3. #}
{% macro compute_cost(column) -%}
    sum({{ column }}) filter (category in ('{{ var("compute_cost_categories") | join("', '") }}'))
{%- endmacro %}
