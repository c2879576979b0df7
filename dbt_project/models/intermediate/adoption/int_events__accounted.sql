{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_identity_window('event_date') }}"
) }}


with delivered as (

    select * from {{ ref('int_events__delivered') }}
    where {{ in_identity_window('event_date') }}

),

feature_events as (

    select distinct
        source,
        delivery_id,
        event_date,
        -- A process counts by its own id, whoever was logged in.
        case when is_process then process_id end as process_id
    from {{ ref('int_events__unified') }}
    where {{ in_identity_window('event_date') }}

),

identities as (

    select * from {{ ref('int_identities__joined') }}
    where {{ in_identity_window('event_date') }}

),

used as (

    select
        feature_events.source,
        feature_events.delivery_id,
        feature_events.event_date,
        bool_or(identities.is_excluded) as is_excluded,
        bool_or(coalesce(feature_events.process_id, identities.user_id) is not null) as is_named
    from feature_events
    inner join identities
        on
            feature_events.source = identities.source
            and feature_events.delivery_id = identities.delivery_id
    group by feature_events.source, feature_events.delivery_id, feature_events.event_date

),

used_daily as (

    select
        source,
        event_date,
        count(*) as feature_event_count,
        count(*) filter (where is_excluded) as excluded_event_count,
        count(*) filter (where not is_excluded and not is_named) as anonymous_event_count,
        count(*) filter (where not is_excluded and is_named) as counted_event_count
    from used
    group by source, event_date

),

final as (

    select
        delivered.source,
        delivered.event_date,
        delivered.delivered_event_count,
        delivered.delivered_event_count - delivered.distinct_event_count as duplicate_event_count,
        delivered.distinct_event_count - coalesce(used_daily.feature_event_count, 0)
            as other_event_count,
        coalesce(used_daily.excluded_event_count, 0) as excluded_event_count,
        coalesce(used_daily.anonymous_event_count, 0) as anonymous_event_count,
        coalesce(used_daily.counted_event_count, 0) as counted_event_count
    from delivered
    left join used_daily
        on
            delivered.source = used_daily.source
            and delivered.event_date = used_daily.event_date

)

select * from final
