{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

decisions as (

    select * from {{ ref('stg_ratings__decisions') }}
    where {{ in_days_to_rebuild('event_date') }}

),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

final as (

    select
        coalesce(identifiers.member_id, 'unmapped') as model_id,

        decisions.event_date,

        max(decisions.decided_at) as last_decision_at,

        count(*) as decision_count,
        count(*) filter (where decisions.is_overridable) as overridable_count,
        count(*) filter (where decisions.is_overridable and decisions.is_overridden) as overridden_count,
        cast(sum(decisions.delivered_count) - count(*) as bigint) as duplicate_decision_count

    from decisions
    {{ rated_model_join('decisions') }}
    group by all

)

select * from final
