{{ config(materialized='table') }}

with models as (

    select model_id from {{ ref('dim_models') }}

),

days as (

    select event_date from {{ ref('dim_days') }}

),

features as (

    select
        feature_id,
        member_id as model_id
    from {{ source('catalog', 'features') }}

),

rule_features as (

    select distinct feature_id
    from {{ source('catalog', 'target_populations') }}
    where property_name is not null

),

-- The base as of the last covered day of a period: later days of it are not known yet.
bases as (

    select
        model_id,
        event_date,
        target_user_count,
        last_event_at
    from {{ ref('int_feature_adoption__counted') }}
    where feature_id = 'all'

),

base_periods as (

    select
        model_id,
        period,
        period_start_date,
        max(event_date) as last_covered_date,
        max(last_event_at) as data_until_at
    from {{ by_period('bases') }} as dated
    group by all

),

-- Days on which a user was in the base, from each observation until the next or until it is too old.
memberships as (

    select
        feature_id,
        user_id,
        event_date as from_date,
        least(
            coalesce(
                lead(event_date) over (partition by feature_id, user_id order by event_date),
                date '9999-12-31'
            ),
            event_date + {{ var('target_base_days') }}
        ) as to_date,
        is_target
    from {{ ref('fct_target_users_daily') }}

),

uses as (

    select distinct
        model_id,
        feature_id,
        user_id,
        period,
        period_start_date
    from {{ by_period(ref('fct_feature_use_daily')) }} as dated
    where stage = 'qualifying'

),

active as (

    select
        uses.model_id,
        uses.period,
        uses.period_start_date,
        count(distinct uses.user_id) as active_user_count
    from uses
    inner join base_periods
        on
            uses.model_id = base_periods.model_id
            and uses.period = base_periods.period
            and uses.period_start_date = base_periods.period_start_date
    left join rule_features on uses.feature_id = rule_features.feature_id
    left join memberships
        on
            uses.feature_id = memberships.feature_id
            and uses.user_id = memberships.user_id
            and memberships.is_target
            and base_periods.last_covered_date >= memberships.from_date
            and base_periods.last_covered_date < memberships.to_date
    where rule_features.feature_id is null or memberships.user_id is not null
    group by uses.model_id, uses.period, uses.period_start_date

),

calendar as (

    select distinct
        period,
        period_start_date
    from {{ by_period('days') }} as dated

),

models_with_features as (

    select distinct model_id from features

),

final as (

    select
        models.model_id,
        'feature_adoption' as kpi_id,
        calendar.period,
        calendar.period_start_date,
        cast(
            case when base_periods.model_id is not null then coalesce(active.active_user_count, 0) end
            as double
        ) as numerator,
        cast(bases.target_user_count as double) as denominator,
        bases.target_user_count as sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,
        base_periods.data_until_at,
        case
            when models_with_features.model_id is null then 'not set up: no user-facing feature'
            when base_periods.model_id is null then 'product analytics covers no day of the period'
            when bases.target_user_count is null then 'not set up: no target population'
            when bases.target_user_count = 0 then 'nobody is in the target population yet'
        end as gap_reason
    from models
    cross join calendar
    left join models_with_features on models.model_id = models_with_features.model_id
    left join base_periods
        on
            models.model_id = base_periods.model_id
            and calendar.period = base_periods.period
            and calendar.period_start_date = base_periods.period_start_date
    left join bases
        on
            base_periods.model_id = bases.model_id
            and base_periods.last_covered_date = bases.event_date
    left join active
        on
            models.model_id = active.model_id
            and calendar.period = active.period
            and calendar.period_start_date = active.period_start_date

)

select * from final
