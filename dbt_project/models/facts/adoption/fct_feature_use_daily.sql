{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_identity_window('event_date') }}"
) }}


with events as (

    select * from {{ ref('int_events__unified') }}
    where {{ in_identity_window('event_date') }}

),

identities as (

    select * from {{ ref('int_identities__joined') }}
    where {{ in_identity_window('event_date') }}

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
