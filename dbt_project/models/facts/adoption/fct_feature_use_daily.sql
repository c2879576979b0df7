{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date', back=var('identity_lookback_days'), forward=var('excluded_user_memory_days')) }}"
) }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = var('excluded_user_memory_days') %}

with events as (

    select * from {{ ref('int_events__unified') }}
    where {{ in_days_to_rebuild('event_date', back=back, forward=forward) }}

),

identities as (

    select * from {{ ref('int_identities__joined') }}
    where {{ in_days_to_rebuild('event_date', back=back, forward=forward) }}

),

counted as (

    select
        events.model_id,
        events.feature_id,
        case when events.is_process then events.process_id else identities.user_id end as user_id,
        events.event_date,
        events.stage,
        events.event_at
    from events
    inner join identities
        on
            events.source = identities.source
            and events.delivery_id = identities.delivery_id
    where not identities.is_excluded

),

final as (

    select
        model_id,
        feature_id,
        user_id,
        event_date,
        stage,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        count(*) as event_count
    from counted
    where user_id is not null
    group by model_id, feature_id, user_id, event_date, stage

)

select * from final
