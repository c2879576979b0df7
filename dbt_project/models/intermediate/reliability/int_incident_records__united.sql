{{ config(materialized='table') }}

with

records as (select * from {{ ref('int_incident_records__collected') }}),

identifiers as (

    select *
    from {{ source('catalog', 'identifiers') }}
    where list_contains({{ sources_of_incidents() }}, source)

),

named as (

    select
        record_source,
        record_id,
        created_at,
        unnest(names) as name,
        generate_subscripts(names, 1) as place

    from records

),

-- The most specific kind of identifier comes first; within a kind, none is more specific.
owned as (

    select
        named.record_source,
        named.record_id,
        identifiers.member_id,
        min(named.place) over (
            partition by named.record_source, named.record_id, identifiers.identifier_kind
        ) as kind_place

    from named
    inner join
        identifiers
        on
            named.record_source = identifiers.source
            and named.name = identifiers.identifier_kind || ':' || identifiers.identifier_value
            and {{ as_of('identifiers', 'cast(named.created_at as date)') }}

),

owners as (

    select
        record_source,
        record_id,
        min_by(member_id, (kind_place, member_id)) as model_id

    from owned
    group by record_source, record_id

),

final as (

    select
        records.record_source,
        records.record_id,
        records.record_key,
        records.known_keys,
        records.merged_into_key,
        records.linked_records,
        coalesce(owners.model_id, 'unmapped') as model_id,

        records.title,
        records.url,
        records.severity,

        records.is_merged,
        records.is_suppressed,
        records.is_log_cut,

        records.impact_started_at,
        records.created_at

    from records
    left join owners on records.record_source = owners.record_source and records.record_id = owners.record_id

)

select * from final
