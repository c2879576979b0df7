{# Whether text, meant as a number, says that there is none: `pipelines.sources.values.missing`, to whose words a test
   holds these. Null is missing too. #}
{% macro missing_words() -%}
    {{ return([
        '', 'null', 'none', 'nan', '\\n', '#n/a', 'na', 'n/a', 'undefined', 'nil', '-', '<na>', 'nat'
    ]) }}
{%- endmacro %}

{% macro is_missing_value(text) -%}
    coalesce(lower(trim({{ text }})) in ('{{ missing_words() | join("', '") }}'), true)
{%- endmacro %}
