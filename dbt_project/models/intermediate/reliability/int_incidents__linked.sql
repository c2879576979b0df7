with recursive

records as (select * from {{ ref('int_incident_records__united') }}),

nodes as (

    select
        *,
        record_source || ':' || record_key as node

    from records

),

named as (

    select
        node,
        unnest(linked_records) as named_node

    from nodes

    union all

    select
        node,
        record_source || ':' || merged_into_key as named_node

    from nodes
    where merged_into_key is not null

),

keys as (

    select
        node,
        record_source || ':' || unnest(known_keys) as known_node

    from nodes

),

-- Either side may name the other, by any key it ever had; a name that is no incident we hold links nothing.
links as (

    select
        named.node,
        keys.node as other_node

    from named
    inner join keys on named.named_node = keys.known_node

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
        node,
        node as reached_node

    from nodes

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
        nodes.*,
        groups.group_id,
        not nodes.is_merged and not nodes.is_suppressed as is_counted

    from nodes
    inner join groups on nodes.node = groups.node

),

-- Of several systems, the one with the lowest `precedence` (see the sources) gives the incident's times.
authorities as (

    select
        group_id,
        min_by(record_source, list_position({{ sources_of_incidents() }}, record_source)) filter (
            where is_counted
        ) as authoritative_source

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
                grouped.record_source = authorities.authoritative_source desc,
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
            when grouped.record_source = authorities.authoritative_source then 'authoritative'
            else 'linked'
        end as record_role,

        grouped.is_log_cut,

        grouped.impact_started_at,
        grouped.created_at

    from grouped
    inner join authorities on grouped.group_id = authorities.group_id

)

select * from final
