{# Whether text, meant as a number, says that there is none. Null is missing too. A test compares these words with those
   of `pipelines.sources.values.missing`. #}
{% macro missing_words() -%}
    {{ return([
        '', 'null', 'none', 'nan', '\\n', '#n/a', 'na', 'n/a', 'undefined', 'nil', '-', '<na>', 'nat'
    ]) }}
{%- endmacro %}

{% macro is_missing_value(text) -%}
    coalesce(lower(trim({{ text }})) in ('{{ missing_words() | join("', '") }}'), true)
{%- endmacro %}
