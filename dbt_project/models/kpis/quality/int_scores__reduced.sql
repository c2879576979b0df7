with

outcomes as (

    select * from {{ ref('fct_outcomes_daily') }}
    where {{ is_evaluated('environment', 'label_source') }}

),

predictions as (

    select * from {{ ref('int_predictions__split') }}
    where cohort_attribute = 'all'

),

quality as (

    select * from {{ source('catalog', 'quality') }}
    where task = 'binary'

),

-- A label is known to the weeks that begin after the day it came on.
known as (

    select
        outcomes.model_id,
        outcomes.event_date,
        cast(date_trunc('week', outcomes.labelled_date) as date) + 7 as known_week_date,
        outcomes.score_bin,
        sum(outcomes.label_count) as label_count,
        coalesce(sum(outcomes.label_count) filter (where outcomes.actual_label = 'positive'), 0) as positive_count

    from outcomes
    inner join quality
        on
            outcomes.model_id = quality.member_id
            and outcomes.label_source = quality.label_source
    group by all

),

predicted as (

    select
        predictions.model_id,
        predictions.event_date,
        sum(predictions.prediction_count) as prediction_count

    from predictions
    inner join quality
        on
            predictions.model_id = quality.member_id
            and {{ is_evaluated('predictions.environment', 'quality.label_source') }}
    group by all

),

covered as (

    select
        model_id,
        event_date,
        known_week_date,
        sum(sum(label_count)) over (
            partition by model_id, event_date order by known_week_date
        ) as known_label_count

    from known
    group by model_id, event_date, known_week_date

),

-- If positives are labelled later than the rest, young days hold too few of them: a day counts from the first week that
-- began when the day was mature.
matured as (

    select
        predicted.model_id,
        predicted.event_date,
        least(
            cast(
                date_trunc('week', predicted.event_date + cast(any_value(quality.mature_after_days) as integer)) as date
            ) + 7,
            min(covered.known_week_date) filter (
                where covered.known_label_count >= quality.mature_coverage * predicted.prediction_count
            )
        ) as mature_week_date

    from predicted
    inner join quality on predicted.model_id = quality.member_id
    left join covered
        on
            predicted.model_id = covered.model_id
            and predicted.event_date = covered.event_date
    group by predicted.model_id, predicted.event_date

),

history as (

    select
        known.model_id,
        known.score_bin,
        greatest(known.known_week_date, matured.mature_week_date) as from_week_date,
        sum(known.label_count) as label_count,
        sum(known.positive_count) as positive_count

    from known
    inner join matured
        on
            known.model_id = matured.model_id
            and known.event_date = matured.event_date
    where known.score_bin is not null
    group by all

),

weeks as (

    select distinct
        model_id,
        cast(date_trunc('week', event_date) as date) as week_date

    from predictions

),

final as (

    select
        weeks.model_id,

        weeks.week_date,

        history.score_bin,
        cast(sum(history.label_count) as bigint) as label_count,
        cast(sum(history.positive_count) as bigint) as positive_count

    from weeks
    inner join history
        on
            weeks.model_id = history.model_id
            and weeks.week_date >= history.from_week_date
    group by all
    having sum(history.label_count) > 0

)

select * from final
order by model_id, week_date, score_bin
