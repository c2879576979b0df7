{# The compute cost of KPI 3, over the columns of fct_model_cost_daily. #}
{% macro compute_cost() -%}
    sum(effective_cost_usd) filter (category in ('{{ var("compute_cost_categories") | join("', '") }}'))
{%- endmacro %}
