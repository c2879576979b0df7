-- A response, rating, decision or ticket that no count holds would be lost in silence, one held twice would weigh
-- double: the deliveries in raw are those the facts count, what does not count included. Facts that grow
-- with traffic are compared over the days a run rebuilt.
with

delivered as (

    select
        'qualtrics' as kind,
        count(*) as row_count
    from {{ source('qualtrics', 'responses') }}
    union all
    select
        'typeform' as kind,
        count(*) as row_count
    from {{ source('typeform', 'responses') }}
    union all
    select
        'ratings' as kind,
        count(*) as row_count
    from {{ source('ratings', 'ratings') }}
    where {{ in_days_to_rebuild('_day') }}
    union all
    select
        'decisions' as kind,
        count(*) as row_count
    from {{ source('ratings', 'decisions') }}
    where {{ in_days_to_rebuild('_day') }}
    union all
    select
        'tickets' as kind,
        count(distinct _day || ' ' || ticket_id) as row_count
    from {{ source('zendesk', 'tickets') }}
    where {{ in_days_to_rebuild('_day') }}

),

-- Every question of a survey counts all of its responses.
surveys as (

    select
        source,
        survey_key,
        event_date,
        survey_id,
        sum(
            response_count + unscored_response_count + unfinished_response_count + preview_response_count
            + spam_response_count + duplicate_response_count
        ) as row_count
    from {{ ref('fct_survey_responses_daily') }}
    group by all

),

survey_days as (

    select
        source,
        survey_key,
        event_date,
        min(row_count) as least_count,
        max(row_count) as row_count
    from surveys
    group by all

),

counted as (

    select
        source as kind,
        sum(row_count) as row_count
    from survey_days
    group by source
    union all
    select
        'ratings' as kind,
        sum(response_count + withdrawn_response_count + duplicate_response_count) as row_count
    from {{ ref('fct_ratings_daily') }}
    where {{ in_days_to_rebuild('event_date') }}
    union all
    select
        'decisions' as kind,
        sum(decision_count + duplicate_decision_count) as row_count
    from {{ ref('fct_decisions_daily') }}
    where {{ in_days_to_rebuild('event_date') }}
    union all
    select
        'tickets' as kind,
        sum(ticket_count + merged_ticket_count + deleted_ticket_count) as row_count
    from {{ ref('fct_tickets_daily') }}
    where {{ in_days_to_rebuild('event_date') }}

)

select
    delivered.kind,
    delivered.row_count as delivered_count,
    counted.row_count as counted_count
from delivered
left join counted on delivered.kind = counted.kind
where delivered.row_count <> coalesce(counted.row_count, 0)
union all
select
    survey_key as kind,
    row_count as delivered_count,
    least_count as counted_count
from survey_days
where least_count <> row_count
