{{ config(materialized='ephemeral') }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = adoption_reach() %}
{%- set longest = adoption_measures() | map(attribute=2) | max %}

with seen as (

    select
        model_id,
        feature_id,
        user_id,
        event_date,
        stage = 'qualifying' as is_use,
        stage = 'exposed' as is_exposure,
        cast(null as boolean) as is_target
    from {{ ref('fct_feature_use_daily') }}
    where {{ in_days_to_rebuild('event_date', back=back + longest, forward=forward) }}
    union all
    select
        model_id,
        feature_id,
        user_id,
        event_date,
        false as is_use,
        false as is_exposure,
        is_target
    from {{ ref('fct_target_users_daily') }}
    where {{ in_days_to_rebuild('event_date', back=back + var('target_base_days'), forward=forward) }}

),

user_days as (

    select
        model_id,
        feature_id,
        user_id,
        event_date,
        bool_or(is_use) as is_use,
        bool_or(is_exposure) as is_exposure,
        bool_or(is_target) as is_target
    from seen
    group by model_id, feature_id, user_id, event_date

),

final as (

    select
        model_id,
        feature_id,
        user_id,
        event_date,
        lead(event_date) over by_user as next_date,
        max(case when is_use then event_date end) over by_user as last_use_date,
        max(case when is_exposure then event_date end) over by_user as last_exposed_date,
        max(case when is_target is not null then event_date end) over by_user as observed_date,
        last_value(is_target ignore nulls) over (
            partition by model_id, feature_id, user_id
            order by event_date
            rows between unbounded preceding and current row
        ) as is_target
    from user_days
    window by_user as (partition by model_id, feature_id, user_id order by event_date)

)

select * from final
