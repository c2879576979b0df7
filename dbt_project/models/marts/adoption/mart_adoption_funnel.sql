with known as (select * from {{ ref('int_feature_funnels__counted') }}),

stages as (

    select
        model_id,
        feature_id,
        as_of_date,
        'eligible' as stage,
        1 as stage_number,
        eligible_user_count as user_count,
        eligible_user_count as in_sequence_user_count,
        cast(null as bigint) as from_user_count
    from known
    union all
    select
        model_id,
        feature_id,
        as_of_date,
        'exposed' as stage,
        2 as stage_number,
        exposed_count as user_count,
        exposed_count as in_sequence_user_count,
        eligible_user_count as from_user_count
    from known
    where has_exposure
    union all
    select
        model_id,
        feature_id,
        as_of_date,
        'onboarded' as stage,
        3 as stage_number,
        onboarded_count as user_count,
        through_onboarded_count as in_sequence_user_count,
        case when has_exposure then exposed_count else eligible_user_count end as from_user_count
    from known
    where has_onboarding
    union all
    select
        model_id,
        feature_id,
        as_of_date,
        'first_use' as stage,
        4 as stage_number,
        first_use_count as user_count,
        through_first_use_count as in_sequence_user_count,
        case
            when has_onboarding then through_onboarded_count
            when has_exposure then exposed_count
            else eligible_user_count
        end as from_user_count
    from known
    union all
    select
        model_id,
        feature_id,
        as_of_date,
        'retained' as stage,
        5 as stage_number,
        retained_count as user_count,
        through_retained_count as in_sequence_user_count,
        observable_count as from_user_count
    from known

),

final as (

    select
        model_id,
        feature_id,
        as_of_date,
        stage,
        stage_number,
        cast(user_count as bigint) as user_count,
        cast(in_sequence_user_count as bigint) as in_sequence_user_count,
        cast(from_user_count as bigint) as from_user_count,
        {{ ratio('in_sequence_user_count', 'from_user_count') }} as conversion_rate
    from stages

)

select * from final
