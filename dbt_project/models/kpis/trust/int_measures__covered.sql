with

surveys as (select * from {{ source('catalog', 'surveys') }}),

responses as (select * from {{ ref('fct_survey_responses_daily') }}),

ratings as (select * from {{ ref('fct_ratings_daily') }}),

decisions as (select * from {{ ref('fct_decisions_daily') }}),

tickets as (select * from {{ ref('fct_tickets_daily') }}),

days as (select * from {{ ref('dim_days') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

-- The catalog says what is asked; what is logged shows in the logs, and is then expected every day.
logged as (

    select
        model_id,
        measure,
        'ratings' as source
    from ratings

    union

    select
        model_id,
        'trust' as measure,
        'ratings' as source
    from decisions

    union

    select
        model_id,
        'ticket_csat' as measure,
        'zendesk' as source
    from tickets
    where good_count + bad_count + unanswered_count > 0

    union

    select
        model_id,
        measure,
        source
    from responses
    where model_id = 'unmapped'

),

expected as (

    select
        surveys.member_id as model_id,
        surveys.measure,
        surveys.source,
        days.event_date

    from surveys
    inner join days
        on
            {{ as_of('surveys', 'days.event_date') }}

    union

    select
        logged.model_id,
        logged.measure,
        logged.source,
        days.event_date

    from logged
    cross join days

),

final as (

    select
        expected.model_id,

        expected.event_date,

        expected.measure,

        bool_and(coverage.day is not null) as is_covered

    from expected
    left join coverage on expected.source = coverage.source and expected.event_date = coverage.day
    group by all

)

select * from final
