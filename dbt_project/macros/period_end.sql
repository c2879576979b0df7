{# The last day of a period: day, week, month or quarter. #}
{% macro period_end(period, start) -%}
    cast(
        {{ start }} + case {{ period }}
            when 'day' then interval 1 day
            when 'week' then interval 7 day
            when 'month' then interval 1 month
            when 'quarter' then interval 3 month
        end - interval 1 day as date
    )
{%- endmacro %}
