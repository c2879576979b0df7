{# A number as people write it: three significant digits or, from 1,000 on, a whole number; null is "unknown". #}
{% macro number_text(value) -%}
    case
        when {{ value }} is null then 'unknown'
        when abs({{ value }}) >= 1000 then format('{:,}', cast(round({{ value }}) as bigint))
        else format('{:.3g}', cast({{ value }} as double))
    end
{%- endmacro %}
