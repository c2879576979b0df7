{{ config(materialized='view') }}

with

scorecard as (select * from {{ ref('mart_scorecard') }}),

kpis as (select * from {{ ref('kpis') }}),

periods as (

    select
        scorecard.model_id,
        scorecard.kpi_id,
        scorecard.period,
        scorecard.period_start_date,
        scorecard.as_of,
        -- What a change is tested over: users if days do not add up, nothing if a period is a valuation.
        case kpis.measure_kind when 'distinct' then 'users' when 'point_in_time' then 'valuation' else 'days' end
            as basis,
        scorecard.numerator,
        scorecard.denominator

    from scorecard
    inner join kpis on scorecard.kpi_id = kpis.kpi_id
    where scorecard.period <> 'day'

),

days as (

    select
        model_id,
        kpi_id,
        period_start_date as event_date,
        -- A day on which nothing was at work is one of the days that the period divides by.
        coalesce(numerator, 0) as x,
        denominator as d

    from scorecard
    where period = 'day' and denominator is not null

),

-- A day with a denominator of 0 (incidents: most days) is in the sums but has no value of its own.
-- Days are added in their order: sums of doubles in another one differ in their last digit, from run to run.
summed as (

    select
        periods.model_id,
        periods.kpi_id,
        periods.period,
        periods.period_start_date,
        count(*) as unit_count,
        count(*) filter (where days.d > 0) as reported_unit_count,
        sum(days.x order by days.event_date) as x_sum,
        sum(days.x * days.x order by days.event_date) as x_square_sum,
        sum(days.d order by days.event_date) as d_sum,
        sum(days.d * days.d order by days.event_date) as d_square_sum,
        sum(days.x * days.d order by days.event_date) as xd_sum

    from periods
    inner join days
        on
            periods.model_id = days.model_id
            and periods.kpi_id = days.kpi_id
            and days.event_date between periods.period_start_date and periods.as_of
    where periods.basis = 'days'
    group by all

),

counted as (

    select
        model_id,
        kpi_id,
        period,
        period_start_date,
        cast(denominator as bigint) as unit_count,
        cast(denominator as bigint) as reported_unit_count,
        numerator as x_sum,
        numerator as x_square_sum,
        cast(null as double) as d_sum,
        cast(null as double) as d_square_sum,
        cast(null as double) as xd_sum

    from periods
    where basis = 'users' and denominator > 0

),

reduced as (

    select * from summed
    union all
    select * from counted

),

final as (

    select
        periods.model_id,
        periods.kpi_id,
        periods.period,
        periods.period_start_date,
        periods.basis,
        {% for side in ['before', 'after'] -%}
        coalesce({{ side }}.unit_count, 0) as {{ side }}_unit_count,
        {% for sum in ['x', 'x_square', 'd', 'd_square', 'xd'] -%}
        {{ side }}.{{ sum }}_sum as {{ side }}_{{ sum }}_sum,
        {% endfor -%}
        {% endfor -%}
        least(coalesce(before.reported_unit_count, 0), coalesce(after.reported_unit_count, 0)) as fewest_unit_count

    from periods
    left join reduced as after
        on
            periods.model_id = after.model_id
            and periods.kpi_id = after.kpi_id
            and periods.period = after.period
            and periods.period_start_date = after.period_start_date
    left join reduced as before
        on
            periods.model_id = before.model_id
            and periods.kpi_id = before.kpi_id
            and periods.period = before.period
            and before.period_start_date = cast(
                periods.period_start_date - case periods.period
                    when 'week' then interval 7 day
                    when 'month' then interval 1 month
                    when 'quarter' then interval 3 month
                end as date
            )

)

select * from final
