{{ config(materialized='table') }}

with

predictions as (

    select * from {{ ref('int_predictions__split') }}
    where cohort_attribute = 'all'

),

outcomes as (

    select * from {{ ref('int_outcomes__split') }}
    where cohort_attribute = 'all'

),

quality as (select * from {{ source('catalog', 'quality') }}),

last_day as (

    select max(day) as event_date from {{ source('ledger', 'coverage') }}
    where source = 'predictions'

),

label_sources as (

    select
        model_id,
        label_source
    from outcomes

    union

    select
        member_id as model_id,
        label_source
    from quality

),

predicted as (

    select
        predictions.model_id,
        label_sources.label_source,
        predictions.event_date,
        sum(predictions.prediction_count) as prediction_count

    from predictions
    inner join label_sources
        on
            predictions.model_id = label_sources.model_id
            and {{ is_evaluated('predictions.environment', 'label_sources.label_source') }}
    group by all

),

labelled as (

    select
        model_id,
        label_source,
        event_date,
        sum(label_count) as label_count

    from outcomes
    group by all

),

final as (

    select
        predicted.model_id,

        predicted.event_date,

        predicted.label_source,

        (
            coalesce(labelled.label_count, 0) >= quality.mature_coverage * predicted.prediction_count
            or predicted.event_date + cast(quality.mature_after_days as integer) <= last_day.event_date
        ) as is_mature,

        cast(predicted.prediction_count as bigint) as prediction_count,
        cast(coalesce(labelled.label_count, 0) as bigint) as label_count

    from predicted
    cross join last_day
    inner join quality on predicted.model_id = quality.member_id
    left join labelled
        on
            predicted.model_id = labelled.model_id
            and predicted.label_source = labelled.label_source
            and predicted.event_date = labelled.event_date

)

select * from final
