{{ config(materialized='view') }}

{%- set window_days = var('label_window_days') -%}
with

reused as (select id_hash from {{ ref('int_prediction_ids__reused') }}),

superseded as (

    select * from {{ ref('int_labels__superseded') }}
    where {{ in_days_to_rebuild('superseded_date', forward=window_days) }}

),

labels as not materialized (

    select
        delivered.prediction_id,
        delivered.logged_name,
        {{ label_source_number('delivered.label_source') }} as label_source_number,
        delivered.label,
        delivered.labelled_at,
        delivered.content_id as label_content_id,
        delivered.row_number as label_row_number,
        superseded.superseded_date,
        superseded.superseded_at

    from {{ ref('stg_predictions__labels') }} as delivered
    left join superseded
        on
            delivered.labelled_date = superseded.labelled_date
            and delivered.content_id = superseded.content_id
            and delivered.row_number = superseded.row_number
    where {{ in_days_to_rebuild('delivered.labelled_date', back=window_days, forward=window_days) }}

),

predictions as not materialized (

    select * from {{ ref('int_predictions__decided') }}
    where {{ in_days_to_rebuild('event_date', back=window_days, forward=window_days) }}

),

-- One join for labels that come and labels that are taken back: it costs more than all the rest.
paired_once as (

    select
        labels.* exclude (prediction_id, logged_name),
        asked.* exclude (prediction_id, logged_name),
        cast(null as timestamp) as next_predicted_at,
        0 as passed_over_count,
        true as is_received

    from (select * from labels anti join reused on hash(labels.prediction_id) = reused.id_hash) as labels
    left join predictions as asked on {{ label_fits('labels', 'asked') }}

),

-- One id may have several predictions: of a shadow and its champion, or of an entity scored again.
followed as (

    select
        predictions.*,
        lead(predictions.predicted_at) over (
            partition by predictions.prediction_id, predictions.model_id, predictions.environment
            order by predictions.predicted_at, predictions.content_id, predictions.row_number
        ) as next_predicted_at

    from predictions
    semi join reused on hash(predictions.prediction_id) = reused.id_hash

),

paired_among_several as (

    select
        labels.* exclude (prediction_id, logged_name),
        followed.* exclude (prediction_id, logged_name),
        count(*) over of_model - 1 as passed_over_count

    from (select * from labels semi join reused on hash(labels.prediction_id) = reused.id_hash) as labels
    left join followed on {{ label_fits('labels', 'followed') }}
    window
        of_model as (
            partition by labels.label_content_id, labels.label_row_number, followed.model_id, followed.environment
        )
    qualify row_number() over (
        partition by labels.label_content_id, labels.label_row_number, followed.model_id, followed.environment
        order by
            followed.predicted_at <= labels.labelled_at desc,
            abs(epoch_us(followed.predicted_at) - epoch_us(labels.labelled_at)) asc,
            followed.content_id desc,
            followed.row_number desc
    ) = 1

),

paired as (

    select * from paired_once

    union all by name

    select
        *,
        -- Delivered once, it is received once, however many models it counts for.
        row_number() over (
            partition by label_content_id, label_row_number
            order by environment = 'prod' desc, model_id asc, environment asc
        ) = 1 as is_received

    from paired_among_several

),

signed as (

    select
        paired.*,
        sides.times,
        case sides.times when 1 then cast(paired.labelled_at as date) else paired.superseded_date end as labelled_date

    from paired
    cross join (values (1), (-1)) as sides (times)
    -- A replacement label outside the label window does not replace, nor does one of the next prediction.
    where
        sides.times = 1
        or (
            paired.superseded_date <= paired.event_date + {{ window_days }}
            and (paired.next_predicted_at is null or paired.superseded_at < paired.next_predicted_at)
        )

),

final as (

    select
        label_source_number,
        labelled_date,
        times,
        coalesce(model_id, 'unmatched') as model_id,
        coalesce(event_date, labelled_date) as event_date,
        coalesce(model_version, 'unknown') as model_version,
        coalesce(environment, 'unknown') as environment,
        task,
        cohorts,
        class_scores,
        predicted_label,
        score_bin,
        prediction,
        label,
        ranking_cutoff,
        passed_over_count,
        is_received,
        case
            when task in ('binary', 'review')
                then case when {{ same_class('label', 'positive_class') }} then 'positive' else 'negative' end
            when task = 'multiclass' then label
        end as actual_label,
        -- Ground truth that says its hour alone lies before its prediction: it was known at once.
        case when labelled_at < predicted_at then 0 else date_diff('millisecond', predicted_at, labelled_at) end
            as delay_milliseconds,
        case when score_bin is not null then score end as score

    from signed
    where {{ in_days_to_rebuild('labelled_date', forward=window_days) }}

)

select * from final
