{# Hours after the first exposure in which an event counts: the experiment's own, or the project's default. #}
{% macro conversion_hours(relation) -%}
    coalesce({{ relation }}.conversion_hours, {{ var('conversion_hours') }})
{%- endmacro %}

{#
  Cohorts (users by the day of their first exposure) that a run may change. A changed day changes the cohorts that
  have it in their window, and every later one: their past reaches back to it, and a user found on it may leave them.
#}
{% macro cohort_in_reach(column) -%}
    {{ column }} >= (
        select
            min(days_to_rebuild.day) - (
                select cast(ceil(max({{ conversion_hours('experiments') }}) / 24) as integer)
                from {{ source('catalog', 'experiments') }} as experiments
            )
        from {{ source('ledger', 'days_to_rebuild') }} as days_to_rebuild
    )
{%- endmacro %}

{# Experiments that were running on a day the run rebuilds. #}
{% macro runs_in_days_to_rebuild(column) -%}
    {{ column }} in (
        select experiments.experiment_id
        from {{ source('catalog', 'experiments') }} as experiments
        inner join {{ source('ledger', 'days_to_rebuild') }} as days_to_rebuild
            on
                {{ as_of('experiments', 'days_to_rebuild.day') }}
    )
{%- endmacro %}

{# The property of a user that a rule of the catalog's `excluded_users` looks at, as the assignment log has it. #}
{% macro excluded_property() -%}
    case rules.property_name
        when 'user_id' then folded.user_id
        else {{ json_property('folded.attributes', 'rules.property_name') }}
    end
{%- endmacro %}

{# A user's value: what its events add up to; for a proportion whether there was one. Without events it is 0. #}
{% macro per_user(kind, total) -%}
    case {{ kind }} when 'proportion' then least(sign(coalesce({{ total }}, 0)), 1) else coalesce({{ total }}, 0) end
{%- endmacro %}
