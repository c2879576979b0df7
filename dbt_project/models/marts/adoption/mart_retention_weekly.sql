with firsts as (

    select
        model_id,
        feature_id,
        user_id,
        cast(date_trunc('week', first_use_date) as date) as cohort_week_date
    from {{ ref('int_feature_users__first') }}
    where is_target and first_use_date is not null

),

covered_weeks as (

    select
        model_id,
        feature_id,
        cast(date_trunc('week', event_date) as date) as week_date,
        count(*) as covered_day_count
    from {{ ref('int_feature_adoption__counted') }}
    where feature_id <> 'all'
    group by model_id, feature_id, week_date

),

last_weeks as (

    select
        feature_id,
        max(week_date) as last_week_date
    from covered_weeks
    group by feature_id

),

cohorts as (

    select
        model_id,
        feature_id,
        cohort_week_date,
        count(*) as cohort_user_count
    from firsts
    group by model_id, feature_id, cohort_week_date

),

spine as (

    select
        cohorts.model_id,
        cohorts.feature_id,
        cohorts.cohort_week_date,
        cohorts.cohort_user_count,
        cast(
            unnest(generate_series(
                cohorts.cohort_week_date, last_weeks.last_week_date, interval 7 days
            )) as date
        ) as week_date
    from cohorts
    inner join last_weeks on cohorts.feature_id = last_weeks.feature_id

),

active as (

    select
        firsts.feature_id,
        firsts.cohort_week_date,
        cast(date_trunc('week', uses.event_date) as date) as week_date,
        count(distinct uses.user_id) as active_user_count
    from {{ ref('fct_feature_use_daily') }} as uses
    inner join firsts
        on
            uses.feature_id = firsts.feature_id
            and uses.user_id = firsts.user_id
    where uses.stage = 'qualifying'
    group by firsts.feature_id, firsts.cohort_week_date, week_date

),

final as (

    select
        spine.model_id,
        spine.feature_id,
        spine.cohort_week_date,
        cast((spine.week_date - spine.cohort_week_date) // 7 as bigint) as week_number,
        coalesce(covered_weeks.covered_day_count, 0) = 7 as is_complete,
        spine.cohort_user_count,
        cast(
            case
                when covered_weeks.covered_day_count is not null
                    then coalesce(active.active_user_count, 0)
            end as bigint
        ) as active_user_count,
        case
            when covered_weeks.covered_day_count = 7
                then {{ ratio('coalesce(active.active_user_count, 0)', 'spine.cohort_user_count') }}
        end as retention_rate
    from spine
    left join covered_weeks
        on
            spine.feature_id = covered_weeks.feature_id
            and spine.week_date = covered_weeks.week_date
    left join active
        on
            spine.feature_id = active.feature_id
            and spine.cohort_week_date = active.cohort_week_date
            and spine.week_date = active.week_date

)

select * from final
