-- An incident that falls out between the systems flatters MTTR in silence: whatever was delivered is an incident, part
-- of one, or merged or suppressed by name.
with

delivered as (

    {{ united(sources_of_incidents(), 'incidents__mapped', ['record_id']) }}

),

counted as (

    select
        linked.record_source,
        linked.record_id,
        count(*) as times_linked,
        count(incidents.incident_id) as times_an_incident,
        bool_and(linked.record_role in ('merged', 'suppressed')) as is_left_out

    from {{ ref('int_incidents__linked') }} as linked
    left join {{ ref('fct_incidents') }} as incidents on linked.incident_id = incidents.incident_id
    group by all

)

select
    coalesce(delivered.record_source, counted.record_source) as record_source,
    coalesce(delivered.record_id, counted.record_id) as record_id,
    counted.times_linked,
    counted.times_an_incident

from delivered
full join counted on delivered.record_source = counted.record_source and delivered.record_id = counted.record_id
where
    delivered.record_id is null
    or counted.times_linked is distinct from 1
    or (counted.times_an_incident is distinct from 1 and not counted.is_left_out)
