{# Schemas are named as they are configured, not prefixed with the target's: marts is marts everywhere. The published
   copy keeps its marts in the main schema, its database being called `marts` already. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'published' -%} main {%- else -%} {{ custom_schema_name or target.schema }} {%- endif -%}
{%- endmacro %}
