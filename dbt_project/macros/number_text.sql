{# A number as people write it: three significant digits or, from 1,000 on, a whole number, with a real minus sign; null
   is "unknown". #}
{% macro number_text(value) -%}
    case when {{ value }} < 0 then '−' else '' end
    || case
        when {{ value }} is null then 'unknown'
        when abs({{ value }}) >= 1000 then format('{:,}', cast(round(abs({{ value }})) as bigint))
        else format('{:.3g}', cast(abs({{ value }}) as double))
    end
{%- endmacro %}
