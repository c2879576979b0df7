{# A KPI's amount as the page writes it: a share in percent, dollars with their sign, else the number and its unit. #}
{% macro amount_text(value, unit) -%}
    case
        when {{ value }} is null then 'unknown'
        when {{ unit }} like 'share%' then {{ number_text('100 * (' ~ value ~ ')') }} || ' %'
        when {{ unit }} like 'USD%'
            then
                case when {{ value }} < 0 then '−' else '' end || '$' || {{ number_text('abs(' ~ value ~ ')') }}
                || substr({{ unit }}, 4)
        else {{ number_text(value) }} || coalesce(' ' || {{ unit }}, '')
    end
{%- endmacro %}

{# What to say of a part of a month that is scaled up to a month. #}
{% macro run_rate_text(unit, period) -%}
    case when {{ unit }} like '% month' and {{ period }} = 'week' then ' (run rate)' else '' end
{%- endmacro %}
