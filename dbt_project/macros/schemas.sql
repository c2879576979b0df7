{# Schemas are named as they are configured, not prefixed with the target's: marts is marts everywhere. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
