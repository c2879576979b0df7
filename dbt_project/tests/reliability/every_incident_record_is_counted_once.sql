-- An incident that falls out between the systems flatters MTTR in silence: whatever was delivered is an incident, part
-- of one, or merged or suppressed by name.
with

delivered as (

    {{ united(sources_of_incidents(), 'incidents__mapped', ['record_id']) }}

),

standing as (

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
    coalesce(delivered.record_source, standing.record_source) as record_source,
    coalesce(delivered.record_id, standing.record_id) as record_id,
    standing.times_linked,
    standing.times_an_incident

from delivered
full join standing on delivered.record_source = standing.record_source and delivered.record_id = standing.record_id
where
    delivered.record_id is null
    or standing.times_linked is distinct from 1
    or (standing.times_an_incident is distinct from 1 and not standing.is_left_out)
