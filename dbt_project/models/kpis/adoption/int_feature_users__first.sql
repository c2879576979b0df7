{{ config(materialized='table') }}

with uses as (

    select * from {{ ref('fct_feature_use_daily') }}

),

firsts as (

    select
        model_id,
        feature_id,
        user_id,
        min(case when stage = 'exposed' then event_date end) as first_exposed_date,
        min(case when stage = 'onboarded' then event_date end) as first_onboarded_date,
        min(case when stage = 'qualifying' then event_date end) as first_use_date
    from uses
    group by model_id, feature_id, user_id

),

-- Once a user, for good: someone who left stays in the cohort that joined.
targets as (

    select
        feature_id,
        user_id,
        max_by(is_target, event_date) as is_target
    from {{ ref('fct_target_users_daily') }}
    group by feature_id, user_id

),

rule_features as (

    select distinct feature_id
    from {{ source('catalog', 'target_populations') }}
    where property_name is not null

),

retained as (

    select distinct
        uses.feature_id,
        uses.user_id
    from uses
    inner join firsts
        on
            uses.feature_id = firsts.feature_id
            and uses.user_id = firsts.user_id
    where
        uses.stage = 'qualifying'
        and uses.event_date between firsts.first_use_date + 7 and firsts.first_use_date + 13

),

final as (

    select
        firsts.model_id,
        firsts.feature_id,
        firsts.user_id,
        firsts.first_exposed_date,
        firsts.first_onboarded_date,
        firsts.first_use_date,
        retained.user_id is not null as is_retained,
        rule_features.feature_id is null or coalesce(targets.is_target, false) as is_target
    from firsts
    left join retained
        on
            firsts.feature_id = retained.feature_id
            and firsts.user_id = retained.user_id
    left join rule_features on firsts.feature_id = rule_features.feature_id
    left join targets
        on
            firsts.feature_id = targets.feature_id
            and firsts.user_id = targets.user_id

)

select * from final
