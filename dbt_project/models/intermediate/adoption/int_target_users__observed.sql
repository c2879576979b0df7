{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with rules as (

    select
        features.member_id as model_id,
        features.feature_id,
        features.source,
        populations.valid_from,
        populations.valid_to,
        populations.property_name,
        populations.property_value
    from {{ source('catalog', 'target_populations') }} as populations
    inner join {{ source('catalog', 'features') }} as features
        on populations.feature_id = features.feature_id
    where populations.property_name is not null

),

-- One row per feature and interval, however many values it names.
properties as (

    select distinct
        model_id,
        feature_id,
        source,
        valid_from,
        valid_to,
        property_name
    from rules

),

observed as (

    select
        events.source,
        events.delivery_id,
        properties.model_id,
        properties.feature_id,
        events.user_id,
        events.event_date,
        events.event_at,
        events.received_at,
        properties.valid_from,
        coalesce(
            {{ json_property('events.user_properties', 'properties.property_name') }},
            {{ json_property('events.properties', 'properties.property_name') }}
        ) as property_value
    from {{ ref('int_events__combined') }} as events
    inner join properties
        on
            events.source = properties.source
            and {{ as_of('properties', 'events.event_date') }}
    where events.user_id is not null and {{ in_days_to_rebuild('events.event_date') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source, feature_id, user_id, event_date
            order by event_at desc, received_at desc nulls last, delivery_id asc
        ) as recency
    from observed
    where property_value is not null

),

final as (

    select
        ranked.source,
        ranked.delivery_id,
        ranked.model_id,
        ranked.feature_id,
        ranked.user_id,
        ranked.event_date,
        ranked.event_at,
        rules.property_value is not null as is_target
    from ranked
    left join rules
        on
            ranked.feature_id = rules.feature_id
            and ranked.property_value = rules.property_value
            and ranked.valid_from is not distinct from rules.valid_from
    where ranked.recency = 1

)

select * from final
