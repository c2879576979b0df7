{# What outcomes add up to beside their number: every one of these is a sum, and merges by addition. #}
{% macro outcome_sums() -%}
    {{ return([
        'label_count', 'unreadable_label_count', 'passed_over_count', 'delay_seconds', 'scored_count', 'score_sum',
        'log_loss_count', 'log_loss_sum', 'squared_score_error_sum',
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
  The labels that a run may change, each with the prediction it is of, as a query. A label adds its outcome on the day it
  became known and takes it back (`times` is -1) on the day that a later one did: days add up to what is known by the
  last of them. Where an id is of several predictions, a label is of the last of them before it, for each model and
  environment: a champion and its challenger may share ids, and an entity scored each week its own; `passed_over_count`
  is how many others of the model it would fit. `only` asks for the labels of some predictions: the others are left out
  before they are matched, and labels that belong to nothing are not among them.
#}
{% macro matched_labels(only=none) -%}
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
    {{ 'inner' if only else 'left' }} join (
        select * from predictions
        {{ 'where ' ~ only if only }}
    ) as asked
        on {{ label_fits('labels', 'asked') }}

),

-- An id of several predictions, of a shadow beside its champion or of an entity scored again: the few are told apart.
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
    window of_model as (
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
            partition by label_content_id, label_row_number order by environment = 'prod' desc, model_id, environment
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
    -- A successor that comes too late to count takes nobody's place.
    -- Nor does one of the next prediction.
    where
        sides.times = 1
        or (
            paired.superseded_date <= paired.event_date + {{ window_days }}
            and (paired.next_predicted_at is null or paired.superseded_at < paired.next_predicted_at)
        )

)

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
where
    {{ in_days_to_rebuild('labelled_date', forward=window_days) }}
    {{ 'and ' ~ only if only }}
{%- endmacro %}

{# Whether a label may be of a prediction: made on its day or up to `label_window_days` before, by the model it names. #}
{% macro label_fits(labels, predictions) -%}
            {{ labels }}.prediction_id = {{ predictions }}.prediction_id
            and {{ labels }}.labelled_at >= {{ predictions }}.event_date
            and {{ labels }}.labelled_at < {{ predictions }}.event_date + {{ var('label_window_days') + 1 }}
            and ({{ labels }}.logged_name is null or {{ labels }}.logged_name = {{ predictions }}.logged_name)
{%- endmacro %}

{# What outcomes are counted by before the catalog says which attributes make cohorts. #}
{% macro outcome_keys() -%}
    {{ return([
        'model_id', 'event_date', 'labelled_date', 'model_version', 'environment', 'label_source_number', 'cohorts',
        'predicted_label', 'actual_label', 'score_bin', 'times'
    ]) }}
{%- endmacro %}

{# A label's source as a number and back: millions of labels are joined and counted by the narrow one. #}
{% macro label_sources() -%}
    ['holdout', 'production', 'human_review', 'ground_truth']
{%- endmacro %}

{% macro label_source_number(label_source) -%}
    cast(list_position({{ label_sources() }}, {{ label_source }}) as tinyint)
{%- endmacro %}

{% macro label_source_name(number) -%}
    list_extract({{ label_sources() }}, {{ number }})
{%- endmacro %}

{# The probability that a log's JSON object gives to a class; null where it gives none. #}
{% macro class_score(scores, label) -%}
    try_cast({{ json_property(scores, label) }} as double)
{%- endmacro %}

{# Whether two classes are one, as both are written in logs: where there are two of them, `true` is 1 and `false` 0. #}
{% macro same_class(label, other) -%}
    (
        {% for name in [label, other] -%}
        case {{ name }} when 'true' then '1' when 'false' then '0' else {{ name }} end {{ '= ' if loop.first }}
        {%- endfor %}
    )
{%- endmacro %}
