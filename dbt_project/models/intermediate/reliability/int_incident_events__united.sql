{{ config(materialized='table') }}

with

records as (select * from {{ ref('int_incident_records__united') }}),

events as (

    {{ united(sources_of_incidents(), 'incident_events__mapped', [
        'record_id', 'event_kind', 'detail', 'effect', 'is_acknowledgement', 'is_about_state', 'is_logged',
        'is_by_person', 'event_at',
    ]) }}

),

final as (

    select
        events.record_source,
        events.record_id,

        events.event_kind,
        events.detail,
        events.effect,

        events.is_acknowledgement,
        events.is_about_state,
        events.is_logged,
        events.is_by_person,

        -- Clocks differ: what is resolved before it was created was resolved as it was.
        case when events.effect = 'close' then greatest(events.event_at, records.created_at) else events.event_at end
            as event_at

    from events
    -- A log may have events of records that are no incidents, or that were not delivered.
    inner join records on events.record_source = records.record_source and events.record_id = records.record_id
    where events.event_at is not null

)

select * from final
