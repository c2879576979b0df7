{%- set days = 28 %}

with counted as (

    select * from {{ ref('int_feature_adoption__counted') }}

),

firsts as (

    select * from {{ ref('int_feature_users__first') }}

),

grains as (

    select
        member_id as model_id,
        feature_id
    from {{ source('catalog', 'features') }}
    union
    select
        member_id as model_id,
        'all' as feature_id
    from {{ source('catalog', 'features') }}

),

calendar as (

    select event_date from {{ ref('dim_days') }}

),

-- How many users took how many days from first seeing the feature to first using it.
first_values as (

    select
        model_id,
        feature_id,
        first_use_date,
        first_use_date - first_exposed_date as day_count,
        count(*) as user_count
    from firsts
    where is_target and first_exposed_date <= first_use_date
    group by model_id, feature_id, first_use_date, day_count

),

reach as (

    select unnest(generate_series(0, {{ days - 1 }})) as day_number

),

trailing_first_values as (

    select
        first_values.model_id,
        first_values.feature_id,
        cast(first_values.first_use_date + cast(reach.day_number as integer) as date) as event_date,
        first_values.day_count,
        sum(first_values.user_count) as user_count
    from first_values
    cross join reach
    group by first_values.model_id, first_values.feature_id, event_date, first_values.day_count

),

ranked_first_values as (

    select
        *,
        sum(user_count) over (
            partition by model_id, feature_id, event_date order by day_count
            rows between unbounded preceding and current row
        ) as up_to_count,
        sum(user_count) over (partition by model_id, feature_id, event_date) as all_count
    from trailing_first_values

),

medians as (

    select
        model_id,
        feature_id,
        event_date,
        max(all_count) as first_value_user_count,
        (
            min(case when 2 * up_to_count >= all_count then day_count end)
            + min(case when 2 * up_to_count > all_count then day_count end)
        ) / 2.0 as median_days
    from ranked_first_values
    group by model_id, feature_id, event_date

),

spine as (

    select
        grains.model_id,
        grains.feature_id,
        calendar.event_date,
        counted.event_date is not null as is_covered,
        count(counted.event_date) over (
            partition by grains.model_id, grains.feature_id order by calendar.event_date
            rows between {{ days - 1 }} preceding and current row
        ) as covered_28d_day_count,
        counted.active_user_count,
        counted.active_7d_user_count,
        counted.active_28d_user_count,
        counted.exposed_user_count,
        counted.exposed_28d_user_count,
        counted.target_user_count,
        counted.last_event_at
    from grains
    cross join calendar
    left join counted
        on
            grains.model_id = counted.model_id
            and grains.feature_id = counted.feature_id
            and calendar.event_date = counted.event_date

),

final as (

    select
        spine.model_id,
        spine.feature_id,
        spine.event_date,
        spine.last_event_at,
        spine.is_covered,
        coalesce(spine.active_28d_user_count > spine.target_user_count, false) as is_over_target_base,
        cast(spine.covered_28d_day_count as bigint) as covered_28d_day_count,
        spine.active_user_count,
        spine.active_7d_user_count,
        spine.active_28d_user_count,
        spine.exposed_user_count,
        spine.exposed_28d_user_count,
        spine.target_user_count,
        cast(case when spine.is_covered then coalesce(medians.first_value_user_count, 0) end as bigint)
            as first_value_user_count,
        {{ ratio('spine.active_user_count', 'spine.target_user_count') }} as adoption_1d_rate,
        {{ ratio('spine.active_7d_user_count', 'spine.target_user_count') }} as adoption_7d_rate,
        {{ ratio('spine.active_28d_user_count', 'spine.target_user_count') }} as adoption_28d_rate,
        {{ ratio('spine.active_user_count', 'spine.active_28d_user_count') }} as stickiness_rate,
        cast(case when spine.is_covered then medians.median_days end as double)
            as time_to_first_value_median_days
    from spine
    left join medians
        on
            spine.model_id = medians.model_id
            and spine.feature_id = medians.feature_id
            and spine.event_date = medians.event_date

)

select * from final
