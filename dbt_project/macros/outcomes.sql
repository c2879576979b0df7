{# What outcomes add up to beside their number: every one of these is a sum, and merges by addition. #}
{% macro outcome_sums() -%}
    {{ return([
        'label_count', 'delay_seconds', 'scored_count', 'score_sum', 'log_loss_count', 'log_loss_sum',
        'squared_score_error_sum',
        'valued_count', 'error_sum', 'absolute_error_sum', 'squared_error_sum', 'fourth_power_error_sum',
        'actual_sum', 'squared_actual_sum', 'error_actual_sum', 'relative_error_sum', 'relative_error_count',
        'ranked_count', 'hit_count', 'ndcg_count', 'ndcg_sum', 'squared_ndcg_sum'
    ]) }}
{%- endmacro %}

{# The values of the attributes that the catalog declares, as one JSON text; an attribute not logged is `unknown`. #}
{% macro cohort_values(cohorts, attributes) -%}
    cast(to_json(map_from_entries(list_transform(
        coalesce({{ attributes }}, []),
        lambda attribute: struct_pack(
            k := attribute,
            v := coalesce(json_extract_string({{ cohorts }}, '$."' || attribute || '"'), 'unknown')
        )
    ))) as varchar)
{%- endmacro %}

{# The cohorts a row belongs to, as a list to unnest: everybody, and one for each attribute. #}
{% macro cohort_memberships(cohort_values) -%}
    list_prepend(
        struct_pack(cohort_attribute := 'all', cohort_value := 'all'),
        list_transform(
            json_keys({{ cohort_values }}),
            lambda attribute: struct_pack(
                cohort_attribute := attribute,
                cohort_value := json_extract_string({{ cohort_values }}, '$."' || attribute || '"')
            )
        )
    )
{%- endmacro %}

{# Whether a labelled prediction is evaluated: production on labels from production, holdout sets on their own. #}
{% macro is_evaluated(environment, label_source) -%}
    {{ environment }} = case {{ label_source }} when 'holdout' then 'holdout' else 'prod' end
{%- endmacro %}

{#
  CTEs up to `matched`: the labels that a run may change, each with the prediction it is of. A label adds its outcome on
  the day it became known and takes it back (`times` is -1) on the day that a later one did: days add up to what is
  known by the last of them.
#}
{% macro matched_labels() -%}
{%- set window_days = var('label_window_days') -%}
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
        predictions.class_scores,
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

)
{%- endmacro %}

{# The probability that a log's JSON object gives to a class; null where it gives none. #}
{% macro class_score(scores, label) -%}
    try_cast({{ json_property(scores, label) }} as double)
{%- endmacro %}
