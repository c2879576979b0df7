{{ config(materialized='ephemeral') }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = var('excluded_user_memory_days') %}

with deliveries as (

    select
        source,
        delivery_id,
        user_id,
        person_key,
        device_key,
        event_date,
        event_at
    from {{ ref('int_events__unified') }}
    where {{ in_identity_window('event_date') }}
    union all
    select
        source,
        delivery_id,
        user_id,
        cast(null as varchar) as person_key,
        cast(null as varchar) as device_key,
        event_date,
        event_at
    from {{ ref('int_target_users__observed') }}
    where {{ in_identity_window('event_date') }}

),

-- A delivery may count for several features and stages, and identify a user as well.
events as (

    select
        source,
        delivery_id,
        event_date,
        event_at,
        max(user_id) as user_id,
        max(person_key) as person_key,
        max(device_key) as device_key
    from deliveries
    group by source, delivery_id, event_date, event_at

),

links as (

    select
        source,
        from_id,
        user_id,
        event_date,
        happened_at
    from {{ ref('int_identity_links__collected') }}
    where {{ in_days_to_rebuild('event_date', back=2 * back, forward=forward + back) }}

),

merged as (

    select * from {{ ref('int_identities__merged') }}
    where {{ in_identity_window('event_date') }}

),

-- A person that the vendor merged with others is known by what any of them did.
peers as (

    select
        mine.source,
        mine.event_date,
        mine.identity_id,
        theirs.identity_id as peer_id
    from merged as mine
    inner join merged as theirs
        on
            mine.source = theirs.source
            and mine.event_date = theirs.event_date
            and mine.merged_identity_id = theirs.merged_identity_id
    where mine.identity_id like 'person:%'

),

anonymous as (

    select
        events.source,
        events.delivery_id,
        coalesce(peers.peer_id, events.person_key) as from_id,
        events.event_date,
        events.event_at as happened_at
    from events
    left join peers
        on
            events.source = peers.source
            and events.event_date = peers.event_date
            and events.person_key = peers.identity_id
    where events.user_id is null and events.person_key is not null
    union all
    select
        source,
        delivery_id,
        device_key as from_id,
        event_date,
        event_at as happened_at
    from events
    where user_id is null and device_key is not null

),

anonymous_linked as (

    {{ nearest_link('anonymous', 'links') }}

),

-- What the vendor says of the person goes before what shares a device with it.
recognised as (

    select
        source,
        delivery_id,
        coalesce(
            max(case when from_id like 'person:%' then linked_user_id end),
            max(case when from_id like 'device:%' then linked_user_id end)
        ) as user_id,
        coalesce(
            min(case when from_id like 'person:%' then link_kind end),
            min(case when from_id like 'device:%' then link_kind end)
        ) as link_kind
    from anonymous_linked
    group by source, delivery_id

),

final as (

    select
        events.source,
        events.delivery_id,
        events.event_date,
        events.event_at,
        coalesce(events.user_id, recognised.user_id) as user_id,
        case
            when events.user_id is not null then 'known'
            when recognised.link_kind = 'after' then 'linked_after'
            when recognised.link_kind = 'before' then 'linked_before'
            else 'anonymous'
        end as identity_method
    from events
    left join recognised
        on
            events.source = recognised.source
            and events.delivery_id = recognised.delivery_id

)

select * from final
