with

records as (select * from {{ ref('int_incident_io_incidents__mapped') }}),

updates as (select * from {{ ref('stg_incident_io__updates') }}),

opened as (

    select
        record_id,
        'filed' as event_kind,
        null as detail,
        'open' as effect,
        false as is_acknowledgement,
        true as is_about_state,
        false as is_logged,
        null as is_by_person,
        created_at as event_at

    from records

),

-- An incident that was in triage is taken up when it is accepted.
accepted as (

    select
        record_id,
        'acknowledge' as event_kind,
        null as detail,
        null as effect,
        true as is_acknowledgement,
        true as is_about_state,
        true as is_logged,
        true as is_by_person,
        accepted_at as event_at

    from records

),

-- The updates of an incident that was written down afterwards have the times of the writing.
given as (

    select
        records.record_id,
        records.ended_at,
        records.created_at as opened_at,
        updates.status,
        updates.is_by_person,
        updates.created_at,
        case
            when updates.status_category in ('learning', 'closed') then 'close'
            when updates.status_category not in ('declined', 'merged', 'canceled') then 'open'
        end as effect,
        lag(updates.status) over course as status_before

    from updates
    inner join records on updates.incident_io_incident_id = records.record_id
    where not records.is_retrospective
    window course as (
        partition by records.record_id order by updates.created_at asc, updates.incident_io_update_id asc
    )

),

reopened as (

    select
        *,
        coalesce(max(created_at) filter (where effect = 'open') over (partition by record_id), opened_at)
            as last_opened_at

    from given

),

-- A status is changed when somebody gets round to it: the last end is at the time that people gave it.
updated as (

    select
        record_id,
        case when status = status_before then 'update' else 'status' end as event_kind,
        coalesce(status_before, 'none') || ' → ' || status as detail,
        case
            when effect = 'close' and created_at > last_opened_at and ended_at > last_opened_at then null
            else effect
        end as effect,
        status_before is not null and status <> status_before as is_acknowledgement,
        true as is_about_state,
        true as is_logged,
        is_by_person,
        created_at as event_at

    from reopened

),

snapshots as (

    select
        record_id,
        case when is_ended then 'resolve' end as event_kind,
        null as detail,
        case when is_ended then 'close' else 'open' end as effect,
        false as is_acknowledgement,
        true as is_about_state,
        false as is_logged,
        null as is_by_person,
        coalesce(ended_at, updated_at) as event_at

    from records

),

united as (

    select * from opened
    union all
    select * from accepted
    union all
    select * from updated
    union all
    select * from snapshots

)

select * from united
