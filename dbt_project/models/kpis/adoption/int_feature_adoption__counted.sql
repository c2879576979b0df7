{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date', back=var('identity_lookback_days'), forward=var('excluded_user_memory_days') + var('target_base_days')) }}"
) }}

{#- A measure's value on a day is how many of its intervals are open: a user's interval opens with an event
    and closes after so many days. Opens and closes are summed as they go, so that a trailing distinct count
    over any number of days costs one row per user and active day, and is exact. -#}
{%- set back = var('identity_lookback_days') %}
{%- set forward = var('excluded_user_memory_days') + var('target_base_days') %}
{%- set measures = [
    ('active', 'last_use_date', 1), ('active_7d', 'last_use_date', 7), ('active_28d', 'last_use_date', 28),
    ('exposed', 'last_exposed_date', 1), ('exposed_28d', 'last_exposed_date', 28),
] %}
{%- set longest = measures | map(attribute=2) | max %}

with features as (

    select
        feature_id,
        member_id as model_id,
        source
    from {{ source('catalog', 'features') }}

),

populations as (

    select distinct
        feature_id,
        valid_from,
        valid_to,
        size,
        property_name is not null as is_rule
    from {{ source('catalog', 'target_populations') }}

),

coverage as (

    select distinct
        source,
        day as event_date
    from {{ source('ledger', 'coverage') }}
    where {{ in_days_to_rebuild('day', back=back, forward=forward) }}

),

covered as (

    select
        features.model_id,
        features.feature_id,
        coverage.event_date,
        populations.size,
        coalesce(populations.is_rule, false) as is_rule
    from features
    inner join coverage on features.source = coverage.source
    left join populations
        on
            features.feature_id = populations.feature_id
            and {{ as_of('populations', 'coverage.event_date') }}

),

feature_counts as (

    select
        model_id,
        count(*) as feature_count
    from features
    group by model_id

),

-- A model's own row, over all of its features, stands where every one of them is covered.
grains as (

    select
        model_id,
        feature_id,
        event_date,
        size,
        is_rule
    from covered
    union all
    select
        covered.model_id,
        'all' as feature_id,
        covered.event_date,
        sum(covered.size) as size,
        bool_or(covered.is_rule) as is_rule
    from covered
    inner join feature_counts on covered.model_id = feature_counts.model_id
    group by covered.model_id, covered.event_date
    having count(*) = max(feature_counts.feature_count)

),

rule_features as (

    select distinct feature_id from populations
    where is_rule

),

-- Only theirs are counted in the base and out of it: of the other models everybody is in it.
rule_models as (

    select distinct features.model_id
    from features
    inner join rule_features on features.feature_id = rule_features.feature_id

),

seen as (

    select
        model_id,
        feature_id,
        user_id,
        event_date,
        stage = 'qualifying' as is_use,
        stage = 'exposed' as is_exposure,
        cast(null as boolean) as is_target,
        last_event_at
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
        is_target,
        cast(null as timestamp) as last_event_at
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

states as (

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

),

-- Until when the user counts as one of those the feature is for; without a rule, everybody does.
bounded as (

    select
        states.*,
        rule_features.feature_id is not null as has_rule,
        rule_models.model_id is not null as is_model_with_rule,
        case
            when rule_features.feature_id is null then date '9999-12-31'
            when states.is_target then states.observed_date + {{ var('target_base_days') }}
        end as target_until
    from states
    left join rule_features on states.feature_id = rule_features.feature_id
    left join rule_models on states.model_id = rule_models.model_id

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
    {%- for name, last_date, days in measures %}
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

feature_changes as (

    select
        model_id,
        feature_id,
        measure,
        opens as event_date,
        1 as delta
    from intervals
    where opens < closes
    union all
    select
        model_id,
        feature_id,
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
    from (
        select
            model_id,
            user_id,
            measure,
            opens as event_date,
            1 as delta
        from intervals
        where opens < closes
        union all
        select
            model_id,
            user_id,
            measure,
            closes as event_date,
            -1 as delta
        from intervals
        where opens < closes
    ) as ends
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

model_changes as (

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

changes as (

    select
        model_id,
        feature_id,
        event_date,
        {%- for name, _, _ in measures %}
        sum(case when measure = '{{ name }}_any' then delta else 0 end) as {{ name }}_any,
        sum(case when measure = '{{ name }}_target' then delta else 0 end) as {{ name }}_target,
        {%- endfor %}
        sum(case when measure = 'target_any' then delta else 0 end) as target_any,
        0 as is_day
    from (
        select * from feature_changes
        union all
        select * from model_changes
    ) as all_changes
    group by model_id, feature_id, event_date
    union all
    select
        model_id,
        feature_id,
        event_date,
        {%- for name, _, _ in measures %}
        0 as {{ name }}_any,
        0 as {{ name }}_target,
        {%- endfor %}
        0 as target_any,
        1 as is_day
    from grains

),

levels as (

    select
        model_id,
        feature_id,
        event_date,
        is_day,
        {%- for name, _, _ in measures %}
        sum({{ name }}_any) over by_day as {{ name }}_any,
        sum({{ name }}_target) over by_day as {{ name }}_target,
        {%- endfor %}
        sum(target_any) over by_day as target_any
    from changes
    window by_day as (
        partition by model_id, feature_id order by event_date, is_day
        rows between unbounded preceding and current row
    )

),

newest as (

    select
        model_id,
        feature_id,
        event_date,
        max(last_event_at) as last_event_at
    from seen
    where last_event_at is not null
    group by model_id, feature_id, event_date
    union all
    select
        model_id,
        'all' as feature_id,
        event_date,
        max(last_event_at) as last_event_at
    from seen
    where last_event_at is not null
    group by model_id, event_date

),

final as (

    select
        grains.model_id,
        grains.feature_id,
        grains.event_date,
        newest.last_event_at,
        {%- for name, _, _ in measures %}
        cast(case when grains.is_rule then levels.{{ name }}_target else levels.{{ name }}_any end as bigint)
            as {{ name }}_user_count,
        {%- endfor %}
        cast(
            case
                when grains.is_rule then coalesce(grains.size, 0) + levels.target_any
                else grains.size
            end as bigint
        ) as target_user_count
    from grains
    inner join levels
        on
            grains.model_id = levels.model_id
            and grains.feature_id = levels.feature_id
            and grains.event_date = levels.event_date
            and levels.is_day = 1
    left join newest
        on
            grains.model_id = newest.model_id
            and grains.feature_id = newest.feature_id
            and grains.event_date = newest.event_date

)

select * from final
