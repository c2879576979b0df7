{{ config(materialized='ephemeral') }}

{%- set reach = {'back': var('label_window_days'), 'forward': var('label_window_days')} %}

with

outcomes as (select * from {{ ref('int_outcomes__split') }}),

matured as (select * from {{ ref('int_labels__matured') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

-- Of a model and its cohorts: all mature days of a period, over all versions, by the labels declared for it. A day of a
-- cohort is in scope cohort.
of_models as (

    select
        outcomes.* exclude (model_version),
        'all' as model_version,
        'model' as scope

    from {{ by_period('outcomes') }} as outcomes
    inner join quality
        on
            outcomes.model_id = quality.member_id
            and outcomes.label_source = quality.label_source
    inner join matured
        on
            outcomes.model_id = matured.model_id
            and outcomes.label_source = matured.label_source
            and outcomes.event_date = matured.event_date
            and matured.is_mature
    where outcomes.cohort_attribute = 'all' or outcomes.period <> 'day'

),

final as (

    select
        *,
        'day' as period,
        event_date as period_start_date,
        'cohort' as scope  -- noqa: RF04

    from outcomes
    where {{ in_days_to_rebuild('event_date', **reach) }}

    union all by name

    select
        * exclude (model_version),
        'all' as model_version,
        'week' as period,
        cast(date_trunc('week', event_date) as date) as period_start_date,
        'cohort' as scope  -- noqa: RF04

    from outcomes
    where {{ in_periods_to_rebuild("cast(date_trunc('week', event_date) as date)", 'week', **reach) }}

    union all by name

    select * from of_models

)

select * from final -- noqa: AM04
