{#
  Which member a logged row is of, on its day: the one that owns the model's name in the logs, else the one that
  owns its endpoint, else nobody ('unmapped'). Put the joins where the row relation is `logged`; `source` is an
  expression of the source that logged it.
#}
{% macro serving_model_id() -%}
    coalesce(by_name.member_id, by_endpoint.member_id, 'unmapped')
{%- endmacro %}

{% macro serving_model_joins(source='logged.record_source') -%}
    {% for alias, kind, column in [('by_name', 'model_name', 'logged_name'), ('by_endpoint', 'endpoint', 'endpoint')] -%}
    left join identifiers as {{ alias }}
        on
            {{ alias }}.source = {{ source }}
            and {{ alias }}.identifier_kind = '{{ kind }}'
            and {{ alias }}.identifier_value = logged.{{ column }}
            and {{ as_of(alias, 'logged.event_date') }}
    {% endfor %}
{%- endmacro %}

{# The join that finds the member a row of feedback is of, by the name in the product and on the row's day. Put it where
   `identifiers` are the catalog's and the row relation is `rated`; its `member_id` is null for an unmapped name. #}
{% macro rated_model_join(rated) -%}
    left join identifiers
        on
            identifiers.source = 'ratings'
            and identifiers.identifier_kind = 'model_name'
            and {{ rated }}.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', rated ~ '.event_date') }}
{%- endmacro %}
