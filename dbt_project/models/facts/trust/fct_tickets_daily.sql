{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

tickets as (

    select * from {{ ref('stg_zendesk__tickets') }}
    where {{ in_days_to_rebuild('event_date') }}

),

identifiers as (

    select *
    from {{ source('catalog', 'identifiers') }}
    where source = 'zendesk' and identifier_kind = 'ticket_tag'

),

tags as (

    select
        ticket_id,
        event_date,
        unnest(from_json(tags, '["VARCHAR"]')) as tag

    from tickets

),

-- A ticket counts once. Where it bears the tags of several members, it is the first one's in alphabetical order:
-- somebody has to have it, and the same one each time.
owners as (

    select
        tags.ticket_id,
        tags.event_date,
        min(identifiers.member_id) as model_id

    from tags
    inner join identifiers
        on
            tags.tag = identifiers.identifier_value
            and {{ as_of('identifiers', 'tags.event_date') }}
    group by all

),

final as (

    select
        coalesce(owners.model_id, 'unmapped') as model_id,

        tickets.event_date,

        max(tickets.created_at) filter (where tickets.ticket_status = 'live') as last_ticket_at,

        count(*) filter (where tickets.ticket_status = 'live') as ticket_count,
        count(*) filter (where tickets.ticket_status = 'merged') as merged_ticket_count,
        count(*) filter (where tickets.ticket_status = 'deleted') as deleted_ticket_count,
        count(*) filter (where tickets.ticket_status = 'live' and tickets.rating = 'good') as good_count,
        count(*) filter (where tickets.ticket_status = 'live' and tickets.rating = 'bad') as bad_count,
        count(*) filter (where tickets.ticket_status = 'live' and tickets.rating = 'offered') as unanswered_count

    from tickets
    left join owners on tickets.ticket_id = owners.ticket_id and tickets.event_date = owners.event_date
    group by all

)

select * from final
