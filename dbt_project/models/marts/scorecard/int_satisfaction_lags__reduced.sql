{{ config(materialized='view') }}

with

days as (select * from {{ ref('int_satisfaction_days__united') }}),

calendar as (select * from {{ ref('dim_days') }}),

models as (select * from {{ ref('dim_models') }}),

incidents as (select * from {{ ref('fct_incidents') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

incident_days as (

    select
        models.model_id,
        calendar.event_date,
        'incident_count' as factor,
        cast(count(incidents.incident_id) as double) as y

    from models
    cross join calendar
    semi join
        coverage
        on
            calendar.event_date = coverage.day
            and list_contains({{ sources_of_incidents() }}, coverage.source)
    left join incidents
        on models.model_id = incidents.model_id and calendar.event_date = cast(incidents.started_at as date)
    group by all

),

lags as (

    select cast(unnest(generate_series(0, {{ var('correlation_lag_days') }})) as integer) as lag_days

),

paired as (

    select
        days.model_id,
        days.event_date,
        days.measure,
        incident_days.factor,
        lags.lag_days,
        {{ ratio('days.x_sum', 'coalesce(days.d_sum, days.unit_count)') }} as x,
        incident_days.y

    from days
    cross join lags
    inner join incident_days
        on days.model_id = incident_days.model_id and days.event_date - lags.lag_days = incident_days.event_date
    where days.unit_count > 0

),

-- In the order of days, so that the sums of doubles are the same in every run.
final as (

    select
        model_id,

        measure,
        factor,

        lag_days,
        count(*) as day_count,
        sum(x order by event_date) as x_sum,
        sum(y order by event_date) as y_sum,
        sum(x * x order by event_date) as x_square_sum,
        sum(y * y order by event_date) as y_square_sum,
        sum(x * y order by event_date) as xy_sum

    from paired
    where x is not null and y is not null
    group by all

)

select * from final
