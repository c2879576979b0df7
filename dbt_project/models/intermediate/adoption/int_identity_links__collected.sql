{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with events as (

    select
        source,
        user_id,
        person_key,
        device_key,
        linked_id,
        event_date,
        event_at
    from {{ ref('int_events__combined') }}
    where user_id is not null and {{ in_days_to_rebuild('event_date') }}

),

pairs as (

    select
        from_id,
        to_id,
        event_date,
        merged_at
    from {{ ref('stg_mixpanel__merges') }}
    where not is_identify and {{ in_days_to_rebuild('event_date') }}

),

links as (

    select
        source,
        person_key as from_id,
        user_id,
        event_date,
        event_at as happened_at
    from events
    where person_key is not null
    union all
    select
        source,
        device_key as from_id,
        user_id,
        event_date,
        event_at as happened_at
    from events
    where device_key is not null
    union all
    -- What an identify or an alias replaces may be a device or a former user id; only the right one finds events.
    select
        source,
        'device:' || linked_id as from_id,
        user_id,
        event_date,
        event_at as happened_at
    from events
    where linked_id is not null and linked_id <> user_id
    union all
    select
        source,
        'user:' || linked_id as from_id,
        user_id,
        event_date,
        event_at as happened_at
    from events
    where linked_id is not null and linked_id <> user_id
    union all
    -- Either of two ids that were merged may be a device, with `$device:` before it or not.
    select
        'mixpanel' as source,
        'device:' || replace(from_id, '$device:', '') as from_id,
        to_id as user_id,
        event_date,
        merged_at as happened_at
    from pairs
    where to_id not like '$device:%'
    union all
    select
        'mixpanel' as source,
        'device:' || replace(to_id, '$device:', '') as from_id,
        from_id as user_id,
        event_date,
        merged_at as happened_at
    from pairs
    where from_id not like '$device:%'

),

neighbours as (

    select
        source,
        from_id,
        user_id,
        event_date,
        happened_at,
        lag(user_id) over (
            partition by source, from_id, event_date order by happened_at, user_id
        ) as user_before_id,
        lead(user_id) over (
            partition by source, from_id, event_date order by happened_at, user_id
        ) as user_after_id
    from links

),

-- Within a day's run of one user on one device only its ends can be nearest to another's event.
ends as (

    select distinct
        source,
        from_id,
        user_id,
        event_date,
        happened_at
    from neighbours
    where user_id is distinct from user_before_id or user_id is distinct from user_after_id

)

select * from ends
