{# A model's schema is said by its name, not its folder, so that a table stays where it is when the model moves to
   another layer: stg_* in staging, int_* in intermediate, all others in marts. Seeds and failures of tests are where
   they are configured. The published copy keeps its marts in the main schema, its database being called `marts`
   already. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = node.name.split('_')[0] -%}
    {%- if target.name == 'published' -%} main
    {%- elif custom_schema_name -%} {{ custom_schema_name }}
    {%- else -%} {{ {'stg': 'staging', 'int': 'intermediate'}.get(prefix, 'marts') }}
    {%- endif -%}
{%- endmacro %}
