{# The rows of `relation`, once for each period that holds their day: its day, week, month and quarter. #}
{% macro by_period(relation, date_column='event_date') -%}
    (
        select
            dated.*,
            grains.period,
            cast(date_trunc(grains.period, dated.{{ date_column }}) as date) as period_start_date
        from {{ relation }} as dated
        cross join (select unnest(['day', 'week', 'month', 'quarter']) as period) as grains
    )
{%- endmacro %}

{# The periods of a KPI with days that add up. `days` has a row per model_id and event_date: numerator, denominator and
   sample_size, null on a day that does not count, and data_until_at. `gap_reason`, an aggregate over the days of a
   period, says why it has no value. #}
{% macro summed_days(kpi_id, days, gap_reason) -%}
    select
        model_id,
        '{{ kpi_id }}' as kpi_id,
        period,
        period_start_date,
        cast(sum(numerator) as double) as numerator,
        cast(sum(denominator) as double) as denominator,
        cast(sum(sample_size) as bigint) as sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        max(data_until_at) as data_until_at,
        {{ gap_reason }} as gap_reason
    from {{ by_period(days) }} as periodic
    group by model_id, period, period_start_date
{%- endmacro %}
