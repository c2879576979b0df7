with

-- Each incident under its own severity and under 'all'.
by_severity as (

    select
        * exclude (severity),
        unnest(['all', severity]) as severity

    from {{ ref('fct_incidents') }}

),

-- Kaplan–Meier: of those still open when one is resolved, the share that stays open; its product over time is the
-- share of incidents that last longer. Who is still open counts among those at risk for as long as it is known.
durations as (

    select
        model_id,
        cast(date_trunc('month', detected_at) as date) as month_date,
        severity,
        coalesce(resolve_seconds, age_seconds) as duration_seconds,
        count(*) filter (where not is_open) as ended_count,
        count(*) as left_count

    from by_severity
    group by all

),

at_risk as (

    select
        *,
        sum(left_count) over (
            partition by model_id, month_date, severity order by duration_seconds desc
        ) as at_risk_count

    from durations

),

survival as (

    select
        model_id,
        month_date,
        severity,
        cast(duration_seconds as double) as duration_seconds,
        -- A rounding error short of one half is one half; the logarithm of nothing is kept out of the sum.
        case
            when min(at_risk_count - ended_count) over so_far = 0 then 0
            else exp(sum(ln(greatest(at_risk_count - ended_count, 1) / at_risk_count)) over so_far)
        end as surviving_rate

    from at_risk
    window so_far as (partition by model_id, month_date, severity order by duration_seconds)

),

-- Where the curve runs level at one half, the middle of that stretch, as in R's survfit: without open incidents it is
-- then the ordinary median.
final as (

    select
        model_id,
        month_date,
        severity,
        (
            min(case when surviving_rate <= 0.5 + 1e-9 then duration_seconds end)
            + coalesce(
                min(case when surviving_rate < 0.5 - 1e-9 then duration_seconds end),
                min(case when surviving_rate <= 0.5 + 1e-9 then duration_seconds end)
            )
        ) / 2 as survival_median_seconds

    from survival
    group by all

)

select * from final
