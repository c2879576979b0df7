with

linked as (

    select *
    from {{ ref('int_incidents__linked') }}
    where record_role = 'authoritative'

),

events as (

    select *
    from {{ ref('int_incident_events__united') }}
    where effect is not null

),

-- At one instant a record opens before it closes, and the log comes before the snapshot.
replayed as (

    select
        linked.incident_id,
        events.record_id,
        events.effect,
        events.is_by_person,
        events.event_at,
        lag(events.effect) over record_course as effect_before

    from events
    inner join linked on events.record_source = linked.record_source and events.record_id = linked.record_id
    window record_course as (
        partition by events.record_source, events.record_id
        order by events.event_at asc, events.effect = 'open' desc, events.is_logged desc
    )

),

-- What changes the record's state; a resolution before there was anything to resolve does not.
steps as (

    select
        incident_id,
        is_by_person,
        event_at,
        case when effect = 'open' then 1 else -1 end as step

    from replayed
    where effect is distinct from effect_before and (effect = 'open' or effect_before is not null)

),

-- An incident of several records is open while any of them is.
counted as (

    select
        *,
        sum(step) over course as open_record_count,
        sum(step) over course - step as open_record_count_before

    from steps
    window course as (
        partition by incident_id order by event_at asc, step desc rows between unbounded preceding and current row
    )

),

edges as (

    select
        *,
        lead(event_at) over course as next_edge_at,
        lead(is_by_person) over course as is_next_by_person

    from counted
    where open_record_count = 0 or open_record_count_before = 0
    window course as (partition by incident_id order by event_at asc, step desc)

),

final as (

    select
        incident_id,

        row_number() over (partition by incident_id order by event_at) as episode_number,

        next_edge_at is not null and coalesce(not is_next_by_person, false) as is_auto_closed,

        event_at as opened_at,
        next_edge_at as closed_at

    from edges
    where step = 1

)

select * from final
