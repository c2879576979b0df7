{#- The text of a property of a JSON object, null where it is missing, null or empty.
    `key` is SQL: a quoted literal or a column. Dots and dollar signs in it mean nothing. -#}
{% macro json_property(document, key) -%}
    nullif(json_extract_string({{ document }}, '$."' || {{ key }} || '"'), '')
{%- endmacro %}
