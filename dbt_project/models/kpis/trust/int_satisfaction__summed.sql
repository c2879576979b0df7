with

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

measures as (select * from {{ source('catalog', 'satisfaction_measures') }}),

reduced as (select * from {{ ref('int_satisfaction__reduced') }}),

estimated as (select * from {{ ref('int_satisfaction__estimated') }}),

calendar as (

    select
        period,
        period_start_date,
        max(event_date) as last_date

    from {{ by_period('days') }} as dated
    group by all

),

-- The primary measure as of the period's last day: one change of it does not blend two measures.
primaries as (

    select
        models.model_id,
        calendar.period,
        calendar.period_start_date,
        measures.primary_measure

    from models
    cross join calendar
    left join measures
        on
            models.model_id = measures.member_id
            and {{ as_of('measures', 'calendar.last_date') }}

),

final as (

    select
        primaries.model_id,
        'satisfaction' as kpi_id,

        primaries.period,
        primaries.period_start_date,

        case when reduced.covered_day_count > 0 then reduced.normalised_sum end as numerator,
        case when reduced.covered_day_count > 0 then cast(reduced.observation_count as double) end as denominator,
        case when reduced.covered_day_count > 0 then reduced.observation_count end as sample_size,
        case when reduced.covered_day_count > 0 then estimated.ci_low end as ci_low,
        case when reduced.covered_day_count > 0 then estimated.ci_high end as ci_high,

        reduced.last_observation_at as data_until_at,

        case
            when primaries.primary_measure is null then 'not set up: no primary satisfaction measure'
            when reduced.covered_day_count is null
                then 'no data of its primary measure, ' || primaries.primary_measure || ', was ever loaded'
            when reduced.covered_day_count = 0
                then 'the source of ' || primaries.primary_measure || ' covers no day of the period'
            when reduced.observation_count = 0 and primaries.primary_measure = 'trust'
                then 'no decision that a person could override'
            when reduced.observation_count = 0 then 'nobody answered ' || primaries.primary_measure
        end as gap_reason

    from primaries
    left join reduced
        on
            primaries.model_id = reduced.model_id
            and primaries.primary_measure = reduced.measure
            and primaries.period = reduced.period
            and primaries.period_start_date = reduced.period_start_date
    left join estimated
        on
            reduced.model_id = estimated.model_id
            and reduced.measure = estimated.measure
            and reduced.period = estimated.period
            and reduced.period_start_date = estimated.period_start_date

)

select * from final
