{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date', back=var('label_window_days'), forward=var('label_window_days')) }}"
) }}

with

outcomes as (

    select * from {{ ref('fct_outcomes_daily') }}
    where
        {{ is_evaluated('environment', 'label_source') }}
        and {{ in_days_to_rebuild('event_date', back=var('label_window_days'), forward=var('label_window_days')) }}

),

quality as (select * from {{ source('catalog', 'quality') }}),

-- Over the days on which labels came first: a cohort does not ask when.
known as (

    select
        outcomes.model_id,
        outcomes.event_date,
        outcomes.model_version,
        outcomes.label_source,
        outcomes.cohort_values,
        outcomes.predicted_label,
        outcomes.actual_label,
        {%- for column in outcome_sums() %}
        sum(outcomes.{{ column }}) as {{ column }},
        {%- endfor %}
        outcomes.score_bin

    from outcomes
    inner join quality on outcomes.model_id = quality.member_id
    group by all

),

memberships as (

    select
        *,
        unnest({{ cohort_memberships('cohort_values') }}) as membership

    from known
    where label_count > 0

),

final as (

    select
        model_id,

        event_date,

        model_version,
        label_source,
        membership['cohort_attribute'] as cohort_attribute,
        membership['cohort_value'] as cohort_value,
        predicted_label,
        actual_label,

        {%- for column in outcome_sums() %}
        {% if column.endswith('_count') -%}
        cast(sum({{ column }}) as bigint) as {{ column }},
        {%- else -%}
        sum({{ column }}) as {{ column }},
        {%- endif %}
        {%- endfor %}
        score_bin

    from memberships
    group by all

)

select * from final
