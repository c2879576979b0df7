with

incidents as (select * from {{ ref('fct_incidents') }}),

records as (

    select * from {{ ref('int_incidents__linked') }}
    where incident_id is not null

),

events as (select * from {{ ref('int_incident_events__united') }}),

impacts as (

    select
        incident_id,
        null as record_source,
        null as record_key,
        'impact_start' as event_kind,
        null as detail,
        cast(null as boolean) as is_by_person,
        started_at as event_at

    from incidents
    where started_at < detected_at

),

-- Where the log lacks an opening or a closing, the newest snapshot has it. No log says when an issue was filed.
snapshots as (

    select
        records.incident_id,
        records.record_source,
        records.record_key,
        events.event_kind,
        events.detail,
        events.is_by_person,
        events.event_at

    from records
    inner join events on records.record_source = events.record_source and records.record_id = events.record_id
    qualify
        events.event_kind is not null
        and (
            events.is_logged
            or events.event_kind = 'filed'
            or not bool_or(events.is_logged) over (
                partition by events.record_source, events.record_id, events.effect
            )
        )

),

united as (

    select * from impacts
    union all
    select * from snapshots

),

final as (

    select
        united.incident_id,
        incidents.model_id,

        united.record_source,
        united.record_key,
        united.event_kind,
        united.detail,

        united.is_by_person,

        united.event_at,

        row_number() over (
            partition by united.incident_id
            order by
                united.event_at asc,
                united.event_kind in ('impact_start', 'filed', 'trigger') desc, -- before what they set off
                united.record_source asc nulls first,
                united.record_key asc,
                united.event_kind asc,
                united.detail asc
        ) as event_number

    from united
    inner join incidents on united.incident_id = incidents.incident_id

)

select * from final
