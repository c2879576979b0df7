{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with features as (

    select * from {{ source('catalog', 'features') }}

),

feature_events as (

    select
        features.feature_id,
        features.member_id as model_id,
        features.source,
        features.process_property,
        events.stage,
        events.event_name,
        events.property_name,
        events.property_value
    from {{ source('catalog', 'feature_events') }} as events
    inner join features on events.feature_id = features.feature_id

),

feature_event_names as (

    select distinct
        source,
        event_name
    from feature_events

),

contents as (

    {{ deliveries() }}

),

delivered as (

    select
        events.*,
        row_number() over (
            partition by events.source, events.event_date, events.event_name, events.event_key
            order by
                events.received_at desc nulls last, contents.delivered_at desc nulls last, events.delivery_id asc
        ) as delivery_number
    from {{ ref('int_events__combined') }} as events
    inner join feature_event_names
        on
            events.source = feature_event_names.source
            and events.event_name = feature_event_names.event_name
    left join contents
        on
            events.source = contents.source
            and split_part(events.delivery_id, ':', 1) = contents.content_id
    where {{ in_days_to_rebuild('events.event_date') }}

),

-- Without a key, duplicates cannot be recognised: all these events are kept.
deduplicated as (

    select * from delivered
    where delivery_number = 1 or event_key is null

),

final as (

    select
        events.source,
        events.delivery_id,
        feature_events.model_id,
        feature_events.feature_id,
        events.user_id,
        events.person_key,
        events.device_key,
        case
            when feature_events.process_property is not null
                then {{ json_property('events.properties', 'feature_events.process_property') }}
        end as process_id,
        events.event_date,
        events.event_at,
        feature_events.stage,
        feature_events.process_property is not null as is_process
    from deduplicated as events
    inner join feature_events
        on
            events.source = feature_events.source
            and events.event_name = feature_events.event_name
    where
        feature_events.property_name is null
        or {{ json_property('events.properties', 'feature_events.property_name') }}
        = feature_events.property_value

)

select * from final
