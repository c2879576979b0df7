{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

predictions as (

    select * from {{ ref('fct_predictions_daily') }}
    where
        environment in ('prod', 'holdout')
        and {{ in_days_to_rebuild('event_date') }}

),

quality as (select * from {{ source('catalog', 'quality') }}),

memberships as (

    select
        predictions.*,
        unnest({{ cohort_memberships('predictions.cohort_values') }}) as membership

    from predictions
    inner join quality on predictions.model_id = quality.member_id

),

final as (

    select
        model_id,

        event_date,

        model_version,
        environment,
        membership['cohort_attribute'] as cohort_attribute,
        membership['cohort_value'] as cohort_value,
        predicted_label,

        score_bin,
        cast(sum(prediction_count) as bigint) as prediction_count

    from memberships
    group by all

)

select * from final
