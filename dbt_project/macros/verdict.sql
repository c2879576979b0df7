{# What to do with a model, the one place of the rule; docs/portfolio.md explains it, and the page recomputes it.

   `low` and `high` are the ends of its value, `full_cost` all of its cost, `avoidable_cost` the part that retiring it
   saves: investment already made is not saved. Without a cost there is no verdict; without a value, an experiment. #}
{% macro verdict(low, high, full_cost, avoidable_cost, is_breached) -%}
    case
        when {{ full_cost }} is null then null
        when {{ low }} is null or {{ high }} is null then 'experiment'
        when {{ high }} < {{ avoidable_cost }} then 'retire'
        when {{ high }} < {{ full_cost }} then 'fix'
        when {{ low }} <= {{ full_cost }} then 'experiment'
        when {{ is_breached }} then 'fix'
        else 'scale'
    end
{%- endmacro %}
