{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('event_date') }}"
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
    where user_id is not null and {{ in_worklist('event_date') }}

),

merged_persons as (

    select
        amplitude_id,
        merged_amplitude_id,
        event_date,
        merged_at
    from {{ ref('stg_amplitude__merges') }}
    where {{ in_worklist('event_date') }}

),

-- The event that made Amplitude merge two persons is the log-in of the one that remains, so that day
-- knows the user; a person of Amplitude's is one user.
merged as (

    select
        'amplitude' as source,
        'person:' || merged_persons.merged_amplitude_id as from_id,
        events.user_id,
        merged_persons.event_date,
        merged_persons.merged_at as happened_at
    from merged_persons
    inner join events
        on
            events.source = 'amplitude'
            and events.person_key = 'person:' || merged_persons.amplitude_id
            and merged_persons.event_date = events.event_date

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
    -- What an alias replaces may be a device or a former user id; only the right one finds events.
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
    select
        source,
        from_id,
        user_id,
        event_date,
        happened_at
    from merged

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
