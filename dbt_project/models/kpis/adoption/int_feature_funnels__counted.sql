with firsts as (

    select * from {{ ref('int_feature_users__first') }}
    where is_target

),

features as (

    select
        feature_id,
        member_id as model_id
    from {{ source('catalog', 'features') }}

),

declared_stages as (

    select distinct
        feature_id,
        stage
    from {{ source('catalog', 'feature_events') }}

),

covered as (

    select
        model_id,
        feature_id,
        max(event_date) as as_of_date,
        max_by(target_user_count, event_date) as target_user_count
    from {{ ref('int_feature_adoption__counted') }}
    group by model_id, feature_id

),

rule_targets as (

    select
        feature_id,
        count(*) as target_user_count
    from (
        select
            feature_id,
            user_id,
            max_by(is_target, event_date) as is_target
        from {{ ref('fct_target_users_daily') }}
        group by feature_id, user_id
    ) as latest
    where is_target
    group by feature_id

),

declared as (

    select
        features.model_id,
        features.feature_id,
        covered.as_of_date,
        coalesce(rule_targets.target_user_count, covered.target_user_count) as eligible_user_count,
        coalesce(bool_or(declared_stages.stage = 'exposed'), false) as has_exposure,
        coalesce(bool_or(declared_stages.stage = 'onboarded'), false) as has_onboarding
    from features
    inner join covered on features.feature_id = covered.feature_id
    left join rule_targets on features.feature_id = rule_targets.feature_id
    left join declared_stages on features.feature_id = declared_stages.feature_id
    group by
        features.model_id,
        features.feature_id,
        covered.as_of_date,
        rule_targets.target_user_count,
        covered.target_user_count

),

users as (

    select
        declared.feature_id,
        firsts.user_id,
        firsts.first_exposed_date is not null as is_exposed,
        firsts.first_onboarded_date is not null as is_onboarded,
        firsts.first_use_date is not null as is_first_use,
        coalesce(firsts.is_retained, false) as is_retained,
        coalesce(firsts.first_use_date + 13 <= declared.as_of_date, false) as is_observable,
        firsts.first_exposed_date is not null or not declared.has_exposure as is_through_exposure,
        (firsts.first_exposed_date is not null or not declared.has_exposure)
        and (firsts.first_onboarded_date is not null or not declared.has_onboarding)
            as is_through_onboarding
    from declared
    inner join firsts on declared.feature_id = firsts.feature_id

),

counts as (

    select
        feature_id,
        count(*) filter (where is_exposed) as exposed_count,
        count(*) filter (where is_onboarded) as onboarded_count,
        count(*) filter (where is_onboarded and is_through_onboarding) as through_onboarded_count,
        count(*) filter (where is_first_use) as first_use_count,
        count(*) filter (where is_first_use and is_through_onboarding) as through_first_use_count,
        count(*) filter (where is_retained and is_observable) as retained_count,
        count(*) filter (where is_retained and is_observable and is_through_onboarding)
            as through_retained_count,
        count(*) filter (where is_first_use and is_observable and is_through_onboarding)
            as observable_count
    from users
    group by feature_id

),

final as (

    select
        declared.*,
        coalesce(counts.exposed_count, 0) as exposed_count,
        coalesce(counts.onboarded_count, 0) as onboarded_count,
        coalesce(counts.through_onboarded_count, 0) as through_onboarded_count,
        coalesce(counts.first_use_count, 0) as first_use_count,
        coalesce(counts.through_first_use_count, 0) as through_first_use_count,
        coalesce(counts.retained_count, 0) as retained_count,
        coalesce(counts.through_retained_count, 0) as through_retained_count,
        coalesce(counts.observable_count, 0) as observable_count
    from declared
    left join counts on declared.feature_id = counts.feature_id

)

select * from final
