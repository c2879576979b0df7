{{ config(materialized='ephemeral') }}

{#- A measure's value on a day is how many of its intervals are open: a user's interval opens with an event and closes
    after the measure's days. A running sum of openings less closings is an exact trailing distinct count over any
    number of days, at one row per user and active day. -#}

with features as (

    select
        feature_id,
        member_id as model_id
    from {{ source('catalog', 'features') }}

),

rule_features as (

    select distinct feature_id from {{ source('catalog', 'target_populations') }}
    where property_name is not null

),

-- Only theirs are counted in the base and out of it: of the other models everybody is in it.
rule_models as (

    select distinct features.model_id
    from features
    inner join rule_features on features.feature_id = rule_features.feature_id

),

-- Until when the user counts as one of those the feature is for; without a rule, everybody does.
bounded as (

    select
        user_days.*,
        rule_features.feature_id is not null as has_rule,
        rule_models.model_id is not null as is_model_with_rule,
        case
            when rule_features.feature_id is null then date '9999-12-31'
            when user_days.is_target then user_days.observed_date + {{ var('target_base_days') }}
        end as target_until
    from {{ ref('int_feature_user_days__united') }} as user_days
    left join rule_features on user_days.feature_id = rule_features.feature_id
    left join rule_models on user_days.model_id = rule_models.model_id

),

intervals as (

    select
        model_id,
        feature_id,
        user_id,
        'target_any' as measure,
        event_date as opens,
        least(coalesce(next_date, date '9999-12-31'), target_until) as closes
    from bounded
    where has_rule and target_until is not null
    {%- for name, last_date, days in adoption_measures() %}
    union all
    select
        model_id,
        feature_id,
        user_id,
        '{{ name }}_any' as measure,
        event_date as opens,
        least(coalesce(next_date, date '9999-12-31'), {{ last_date }} + {{ days }}) as closes
    from bounded
    where {{ last_date }} is not null
    union all
    select
        model_id,
        feature_id,
        user_id,
        '{{ name }}_target' as measure,
        event_date as opens,
        least(coalesce(next_date, date '9999-12-31'), {{ last_date }} + {{ days }}, target_until) as closes
    from bounded
    where {{ last_date }} is not null and target_until is not null and is_model_with_rule
    {%- endfor %}

),

ends as (

    select
        model_id,
        feature_id,
        user_id,
        measure,
        opens as event_date,
        1 as delta
    from intervals
    where opens < closes
    union all
    select
        model_id,
        feature_id,
        user_id,
        measure,
        closes as event_date,
        -1 as delta
    from intervals
    where opens < closes

),

-- Over a model's features a user counts once: while any of the user's intervals is open.
user_changes as (

    select
        model_id,
        user_id,
        measure,
        event_date,
        sum(delta) as delta
    from ends
    group by model_id, user_id, measure, event_date
    -- An interval that closes where the next one opens changes nothing.
    having sum(delta) <> 0

),

user_levels as (

    select
        model_id,
        measure,
        event_date,
        delta,
        sum(delta) over (
            partition by model_id, user_id, measure order by event_date
            rows between unbounded preceding and current row
        ) as open_count
    from user_changes

),

changes as (

    select
        model_id,
        feature_id,
        measure,
        event_date,
        delta
    from ends
    union all
    select
        model_id,
        'all' as feature_id,
        measure,
        event_date,
        case
            when open_count > 0 and open_count - delta = 0 then 1
            when open_count = 0 and delta < 0 then -1
            else 0
        end as delta
    from user_levels

),

final as (

    select
        model_id,
        feature_id,
        event_date,
        {%- for name, _, _ in adoption_measures() %}
        sum(case when measure = '{{ name }}_any' then delta else 0 end) as {{ name }}_any,
        sum(case when measure = '{{ name }}_target' then delta else 0 end) as {{ name }}_target,
        {%- endfor %}
        sum(case when measure = 'target_any' then delta else 0 end) as target_any
    from changes
    group by model_id, feature_id, event_date

)

select * from final
