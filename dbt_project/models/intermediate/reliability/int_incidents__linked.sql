with recursive

records as (select * from {{ ref('int_incident_records__united') }}),

named as (

    select
        record_source,
        record_key,
        case when record_source = 'pagerduty' then 'jira' else 'pagerduty' end as other_source,
        unnest(from_json(linked_keys, '["VARCHAR"]')) as other_key

    from records

    union all

    select
        record_source,
        record_key,
        record_source as other_source,
        merged_into_key as other_key

    from records
    where merged_into_key is not null

),

keys as (

    select
        record_source,
        record_key,
        unnest(known_keys) as known_key

    from records

),

-- Either side may name the other, by any key it ever had; a name that is no incident we hold links nothing.
links as (

    select
        named.record_source || ':' || named.record_key as node,
        keys.record_source || ':' || keys.record_key as other_node

    from named
    inner join keys on named.other_source = keys.record_source and named.other_key = keys.known_key

),

both_ways as (

    select
        node,
        other_node

    from links

    union

    select
        other_node as node,
        node as other_node

    from links

),

-- Every node a node reaches: groups are a handful of records, so the closure is small.
reached as (

    select
        record_source || ':' || record_key as node,
        record_source || ':' || record_key as reached_node

    from records

    union

    select
        reached.node,
        both_ways.other_node as reached_node

    from reached
    inner join both_ways on reached.reached_node = both_ways.node

),

groups as (

    select
        node,
        min(reached_node) as group_id

    from reached
    group by node

),

grouped as (

    select
        records.*,
        groups.group_id,
        not records.is_merged and not records.is_suppressed as is_counted

    from records
    inner join groups on records.record_source || ':' || records.record_key = groups.node

),

-- PagerDuty holds the times at which people were called and were done; a ticket beside it is closed when somebody
-- gets round to it.
clocks as (

    select
        group_id,
        case
            when bool_or(is_counted and record_source = 'pagerduty') then 'pagerduty'
            when bool_or(is_counted) then 'jira'
        end as clock_source

    from grouped
    group by group_id

),

final as (

    select
        grouped.record_source,
        grouped.record_id,
        grouped.record_key,
        first_value(case when grouped.is_counted then grouped.record_key end) over (
            partition by grouped.group_id
            order by
                grouped.is_counted desc,
                grouped.record_source = clocks.clock_source desc,
                grouped.created_at asc,
                grouped.record_key asc
        ) as incident_id,
        grouped.model_id,

        grouped.title,
        grouped.url,
        grouped.severity,
        case
            when grouped.is_merged then 'merged'
            when grouped.is_suppressed then 'suppressed'
            when grouped.record_source = clocks.clock_source then 'clock'
            else 'linked'
        end as record_role,

        grouped.impact_started_at,
        grouped.created_at

    from grouped
    inner join clocks on grouped.group_id = clocks.group_id

)

select * from final
