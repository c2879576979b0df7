{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('labelled_date', forward=var('label_window_days')) }}"
) }}

{%- set window_days = var('label_window_days') %}

with

predictions as (

    select * from {{ ref('int_predictions__decided') }}
    where {{ in_worklist('event_date', back=window_days, forward=window_days) }}

),

delivered as (

    select * from {{ ref('stg_predictions__labels') }}
    where {{ in_worklist('labelled_date', back=window_days, forward=window_days) }}

),

superseded as (

    select * from {{ ref('int_labels__superseded') }}
    where {{ in_worklist('superseded_date', forward=window_days) }}

),

attributes as (

    select
        member_id,
        list(attribute order by attribute) as attributes

    from {{ source('catalog', 'cohort_attributes') }}
    group by all

),

-- A label adds its outcome on the day it became known and takes it back on the day that a later one did: days add
-- up to what is known by the last of them.
labels as (

    select
        delivered.prediction_id,
        delivered.logged_name,
        delivered.label_source,
        delivered.label,
        delivered.labelled_at,
        delivered.labelled_date as known_date,
        delivered.labelled_date,
        1 as times

    from delivered
    where {{ in_worklist('delivered.labelled_date', forward=window_days) }}

    union all

    select
        delivered.prediction_id,
        delivered.logged_name,
        delivered.label_source,
        delivered.label,
        delivered.labelled_at,
        delivered.labelled_date as known_date,
        superseded.superseded_date as labelled_date,
        -1 as times

    from delivered
    inner join superseded
        on
            delivered.labelled_date = superseded.labelled_date
            and delivered.content_id = superseded.content_id
            and delivered.row_number = superseded.row_number

),

matched as (

    select
        labels.label_source,
        labels.labelled_date,
        labels.times,
        coalesce(predictions.model_id, 'unmatched') as model_id,
        coalesce(predictions.event_date, labels.labelled_date) as event_date,
        coalesce(predictions.model_version, 'unknown') as model_version,
        coalesce(predictions.environment, 'unknown') as environment,
        predictions.task,
        predictions.cohorts,
        predictions.predicted_label,
        predictions.score_bin,
        predictions.ranking_cutoff,
        case
            when predictions.task in ('binary', 'review')
                then case when labels.label = predictions.positive_class then 'positive' else 'negative' end
            when predictions.task = 'multiclass' then labels.label
        end as actual_label,
        date_diff('millisecond', predictions.predicted_at, labels.labelled_at) as delay_milliseconds,
        case when predictions.score_bin is not null then predictions.score end as score,
        case
            when predictions.task = 'regression' and isfinite(try_cast(predictions.prediction as double))
                then try_cast(predictions.prediction as double)
        end as predicted_value,
        case
            when predictions.task = 'regression' and isfinite(try_cast(labels.label as double))
                then try_cast(labels.label as double)
        end as actual_value,
        case
            when predictions.task = 'ranking'
                then try_cast(try_cast(predictions.prediction as json) as varchar[])[:predictions.ranking_cutoff]
        end as ranked_items,
        case when predictions.task = 'ranking' then try_cast(try_cast(labels.label as json) as varchar[]) end
            as relevant_items

    from labels
    left join predictions
        on
            labels.prediction_id = predictions.prediction_id
            and labels.known_date >= predictions.event_date
            and labels.labelled_date <= predictions.event_date + {{ window_days }}
            and (labels.logged_name is null or labels.logged_name = predictions.logged_name)
    -- A successor that comes too late to count takes nobody's place.
    where labels.times = 1 or predictions.prediction_id is not null

),

judged as (

    select
        *,
        case task
            when 'binary' then cast(actual_label = 'positive' as integer)
            when 'multiclass' then cast(actual_label = predicted_label as integer)
        end as happened,
        predicted_value - actual_value as error,
        case
            when ranked_items is not null and len(relevant_items) > 0
                then coalesce(list_sum(list_transform(
                    range(1, len(ranked_items) + 1),
                    lambda place: case
                        when list_contains(relevant_items, ranked_items[place]) then 1 / log2(place + 1)
                        else 0
                    end
                )), 0) / list_sum(list_transform(
                    range(1, least(ranking_cutoff, len(relevant_items)) + 1),
                    lambda place: 1 / log2(place + 1)
                ))
        end as ndcg,
        case when ranked_items is not null then cast(list_has_any(ranked_items, relevant_items) as integer) end as hit

    from matched

),

-- Decimals, so that a sum never depends on the order in which its rows are read.
summed as (

    select
        model_id,
        event_date,
        labelled_date,
        model_version,
        environment,
        label_source,
        cohorts,
        predicted_label,
        actual_label,
        score_bin,
        count(*) filter (where times = 1) as received_label_count,
        sum(times) as label_count,
        sum(times * delay_milliseconds) * 0.001 as delay_seconds,
        coalesce(sum(times) filter (where score is not null and happened is not null), 0) as scored_count,
        sum(cast(times * score as decimal(18, 12))) as score_sum,
        sum(cast(
            case
                when task = 'binary'
                    then times * -ln(greatest(case when happened = 1 then score else 1 - score end, 1e-15))
            end as decimal(18, 12)
        )) as log_loss_sum,
        sum(cast(times * (score - happened) * (score - happened) as decimal(18, 12))) as squared_score_error_sum,
        coalesce(sum(times) filter (where error is not null), 0) as valued_count,
        sum(cast(times * error as decimal(38, 9))) as error_sum,
        sum(cast(times * abs(error) as decimal(38, 9))) as absolute_error_sum,
        sum(cast(times * error * error as decimal(38, 9))) as squared_error_sum,
        sum(cast(times * pow(least(abs(error), 1e6), 4) as decimal(38, 6))) as fourth_power_error_sum,
        sum(cast(times * abs(actual_value) as decimal(38, 9))) filter (where error is not null) as actual_sum,
        sum(cast(times * actual_value * actual_value as decimal(38, 9))) filter (where error is not null)
            as squared_actual_sum,
        sum(cast(times * abs(error) * abs(actual_value) as decimal(38, 9))) as error_actual_sum,
        sum(cast(times * abs(error / nullif(actual_value, 0)) as decimal(38, 9))) as relative_error_sum,
        coalesce(sum(times) filter (where error is not null and actual_value <> 0), 0) as relative_error_count,
        coalesce(sum(times) filter (where hit is not null), 0) as ranked_count,
        coalesce(sum(times * hit), 0) as hit_count,
        coalesce(sum(times) filter (where ndcg is not null), 0) as ndcg_count,
        sum(cast(times * ndcg as decimal(18, 12))) as ndcg_sum,
        sum(cast(times * ndcg * ndcg as decimal(18, 12))) as squared_ndcg_sum

    from judged
    group by all

),

final as (

    select
        summed.model_id,

        summed.event_date,
        summed.labelled_date,

        summed.model_version,
        summed.environment,
        summed.label_source,
        {{ cohort_values('summed.cohorts', 'attributes.attributes') }} as cohort_values,
        summed.predicted_label,
        summed.actual_label,

        summed.score_bin,
        {%- for column in outcome_sums() %}
        {% if column.endswith('_count') -%}
        cast(sum(summed.{{ column }}) as bigint) as {{ column }},
        {%- else -%}
        sum(summed.{{ column }}) as {{ column }},
        {%- endif %}
        {%- endfor %}
        cast(sum(summed.received_label_count) as bigint) as received_label_count

    from summed
    left join attributes on summed.model_id = attributes.member_id
    group by all

)

select * from final
