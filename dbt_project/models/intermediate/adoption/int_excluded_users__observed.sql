{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with events as (

    select
        source,
        user_id,
        event_date,
        email,
        properties,
        user_properties
    from {{ ref('int_events__combined') }}
    where user_id is not null and {{ in_days_to_rebuild('event_date') }}

),

rules as (

    select
        property_name,
        match_kind,
        pattern
    from {{ source('catalog', 'excluded_users') }}

),

valued as (

    select
        events.source,
        events.user_id,
        events.event_date,
        rules.match_kind,
        rules.pattern,
        case rules.property_name
            when 'user_id' then events.user_id
            when 'email' then events.email
            else coalesce(
                {{ json_property('events.user_properties', 'rules.property_name') }},
                {{ json_property('events.properties', 'rules.property_name') }}
            )
        end as property_value
    from events
    cross join rules

),

excluded as (

    select distinct
        source,
        user_id,
        event_date
    from valued
    where
        (match_kind = 'equals' and property_value = pattern)
        or (match_kind = 'suffix' and ends_with(lower(property_value), lower(pattern)))
        or (match_kind = 'glob' and property_value glob pattern)

)

select * from excluded
