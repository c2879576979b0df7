{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_periods_to_rebuild('period_start_date', 'period', back=var('label_window_days'), forward=var('label_window_days')) }}"
) }}

{%- set reach = {'back': var('label_window_days'), 'forward': var('label_window_days')} %}
with

outcomes as (select * from {{ ref('int_outcomes__split') }}),

windowed as (

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

),

final as (
    {{ accuracy_sums('windowed') }}
)

select * from final
