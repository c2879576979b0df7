{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date', back=var('identity_lookback_days'), forward=adoption_reach()) }}"
) }}

{%- set back = var('identity_lookback_days') %}
{%- set forward = adoption_reach() %}

with grains as (

    select * from {{ ref('int_feature_days__expected') }}
    where {{ in_days_to_rebuild('event_date', back=back, forward=forward) }}

),

uses as (

    select * from {{ ref('fct_feature_use_daily') }}
    where {{ in_days_to_rebuild('event_date', back=back, forward=forward) }}

),

changes as (

    select
        *,
        0 as is_day
    from {{ ref('int_feature_users__changed') }}
    union all
    select
        model_id,
        feature_id,
        event_date,
        {%- for name, _, _ in adoption_measures() %}
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
        {%- for name, _, _ in adoption_measures() %}
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
    from uses
    group by model_id, feature_id, event_date
    union all
    select
        model_id,
        'all' as feature_id,
        event_date,
        max(last_event_at) as last_event_at
    from uses
    group by model_id, event_date

),

final as (

    select
        grains.model_id,
        grains.feature_id,
        grains.event_date,
        newest.last_event_at,
        {%- for name, _, _ in adoption_measures() %}
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
