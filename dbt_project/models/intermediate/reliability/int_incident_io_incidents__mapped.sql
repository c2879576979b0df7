with

incidents as (select * from {{ ref('stg_incident_io__incidents') }}),

merged as (

    select
        incident_io_incident_id,
        max_by(merged_into_incident_io_incident_id, created_at) as merged_into_incident_io_incident_id

    from {{ ref('stg_incident_io__updates') }}
    where merged_into_incident_io_incident_id is not null
    group by incident_io_incident_id

),

attachments as (

    select
        incident_io_incident_id,
        list(linked_record order by linked_record) as linked_records

    from {{ ref('stg_incident_io__attachments') }}
    where linked_record is not null
    group by incident_io_incident_id

),

-- A live incident may have been resolved before; `Fixed at` is set while it is still watched. People give these times
-- afterwards: when a status was changed says less.
assessed as (

    select
        *,
        status_category in ('learning', 'closed') as is_ended,
        case when status_category in ('learning', 'closed') then coalesce(resolved_at, fixed_at, closed_at) end
            as ended_at,
        coalesce(mode, 'standard') = 'retrospective' as is_retrospective,
        coalesce(mode, 'standard') in ('test', 'tutorial') as is_practice,
        least(created_at, reported_at) as first_known_at

    from incidents

),

final as (

    select
        assessed.incident_io_incident_id as record_id,
        assessed.incident_io_incident_id as record_key,
        [
            assessed.incident_io_incident_id, nullif(regexp_extract(assessed.url, '/incidents/([A-Za-z0-9]+)', 1), '')
        ] as known_keys,
        merged.merged_into_incident_io_incident_id as merged_into_key,
        list_concat(from_json(assessed.linked_records, '["VARCHAR"]'), attachments.linked_records) as linked_records,
        -- An entry of the catalog says more than an option, and both more than the incident's type.
        list_concat(
            list_transform(from_json(assessed.catalog_entries, '["VARCHAR"]'), lambda name: 'catalog_entry:' || name),
            list_transform(from_json(assessed.field_options, '["VARCHAR"]'), lambda name: 'field_option:' || name),
            ['incident_type:' || assessed.incident_type]
        ) as names,

        assessed.title,
        assessed.url,
        assessed.severity,

        assessed.status_category = 'merged' as is_merged,
        -- In triage nobody has said yet that it is one. What was written down afterwards with its end alone has no
        -- known duration.
        assessed.status_category in ('triage', 'declined', 'canceled')
        or assessed.is_practice
        or (
            assessed.is_retrospective
            and coalesce(assessed.ended_at < assessed.first_known_at, false)
            and coalesce(assessed.impact_started_at > assessed.ended_at, true)
        ) as is_suppressed,
        false as is_log_cut,

        assessed.is_ended,
        assessed.is_retrospective,

        assessed.impact_started_at,
        case
            when assessed.is_retrospective then least(assessed.first_known_at, assessed.ended_at)
            else assessed.first_known_at
        end as created_at,
        assessed.accepted_at,
        assessed.ended_at,
        assessed.updated_at

    from assessed
    left join merged on assessed.incident_io_incident_id = merged.incident_io_incident_id
    left join attachments on assessed.incident_io_incident_id = attachments.incident_io_incident_id

)

select * from final
