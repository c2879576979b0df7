{{ config(materialized='table') }}

with

incidents as (

    select *
    from {{ ref('fct_incidents') }}
    where not is_open

),

-- Incidents of unmapped models count too.
models as (

    select model_id from {{ ref('dim_models') }}

    union

    select model_id from {{ ref('fct_incidents') }}

),

coverage as (select * from {{ source('ledger', 'coverage') }}),

events as (

    select *
    from {{ ref('int_incident_events__united') }}
    where is_about_state

),

resolved as (select * from {{ ref('int_resolved_incidents__resampled') }}),

-- A resolution can be on a day without files; its period is covered all the same.
covered_periods as (

    select
        period,
        period_start_date

    from {{ by_period('coverage', 'day') }} as dated
    where list_contains({{ sources_of_incidents() }}, source)

    union

    select
        period,
        period_start_date

    from {{ by_period('incidents', 'resolved_date') }} as dated

),

periods as (

    select
        period,
        period_start_date

    from {{ by_period('coverage', 'day') }} as dated

    union

    select
        period,
        period_start_date

    from covered_periods

),

newest_events as (

    select
        period,
        period_start_date,
        max(event_at) as data_until_at

    from {{ by_period('events', 'event_at') }} as dated
    group by all

),

final as (

    select
        models.model_id,
        'mttr' as kpi_id,

        periods.period,
        periods.period_start_date,

        case
            when covered_periods.period is not null then coalesce(cast(resolved.resolve_seconds as double) / 3600, 0)
        end as numerator,
        case when covered_periods.period is not null then coalesce(cast(resolved.resolved_count as double), 0) end
            as denominator,
        case when covered_periods.period is not null then coalesce(resolved.resolved_count, 0) end as sample_size,
        resolved.ci_low,
        resolved.ci_high,

        newest_events.data_until_at,

        case
            when covered_periods.period is null then 'no source of incidents was loaded for this period'
            when resolved.resolved_count is null then 'no incident was resolved in this period'
        end as gap_reason

    from models
    cross join periods
    left join
        covered_periods
        on
            periods.period = covered_periods.period
            and periods.period_start_date = covered_periods.period_start_date
    left join
        newest_events
        on
            periods.period = newest_events.period
            and periods.period_start_date = newest_events.period_start_date
    left join
        resolved
        on
            models.model_id = resolved.model_id
            and periods.period = resolved.period
            and periods.period_start_date = resolved.period_start_date

)

select * from final
