{# A period as a sentence names it: October 2026, the week of 16 Nov 2026, Q4 2026, 16 Nov 2026. #}
{% macro period_text(period, start_date) -%}
    case {{ period }}
        when 'month' then strftime({{ start_date }}, '%B %Y')
        when 'week' then 'the week of ' || strftime({{ start_date }}, '%-d %b %Y')
        when 'quarter' then 'Q' || quarter({{ start_date }}) || ' ' || year({{ start_date }})
        else strftime({{ start_date }}, '%-d %b %Y')
    end
{%- endmacro %}
