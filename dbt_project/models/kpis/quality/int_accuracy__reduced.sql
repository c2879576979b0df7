{{ config(materialized='table') }}

{%- set window_keys = accuracy_window_keys() %}
{%- set estimates = [
    ('true_positive', 'positive', 'chances.event_probability'),
    ('false_positive', 'positive', '(1 - chances.event_probability)'),
    ('false_negative', 'negative', 'chances.event_probability'),
    ('true_negative', 'negative', '(1 - chances.event_probability)'),
] %}
{%- set counts = ['decided_count', 'correct_count'] %}
{%- for column in outcome_sums() if column.endswith('_count') %}{% do counts.append(column) %}{% endfor %}

with

predictions as (select * from {{ ref('int_predictions__split') }}),

matured as (select * from {{ ref('int_labels__matured') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

chances as (select * from {{ ref('int_scores__estimated') }}),

labelled as (select * from {{ ref('int_accuracy__labelled') }}),

-- Predictions of the same windows: what coverage is a share of, and what is estimated of them before labels come.
predicted_daily as (

    select
        predictions.model_id,
        predictions.model_version,
        matured.label_source,
        predictions.cohort_attribute,
        predictions.cohort_value,
        predictions.event_date,
        {%- for name, label, chance in estimates %}
        sum(
            cast(predictions.prediction_count * {{ chance }} as decimal(38, 9))
        ) filter (where predictions.predicted_label = '{{ label }}') as estimated_{{ name }}_sum,
        {%- endfor %}
        bool_and(matured.is_mature) as is_mature,
        sum(predictions.prediction_count) as prediction_count,
        sum(predictions.prediction_count) filter (where predictions.predicted_label = 'positive') as selected_count,
        sum(predictions.prediction_count) filter (where chances.event_probability is not null) as estimated_count

    from predictions
    inner join matured
        on
            predictions.model_id = matured.model_id
            and predictions.event_date = matured.event_date
            and {{ is_evaluated('predictions.environment', 'matured.label_source') }}
    left join chances
        on
            predictions.model_id = chances.model_id
            and predictions.score_bin = chances.score_bin
            and cast(date_trunc('week', predictions.event_date) as date) = chances.week_date
    group by all

),

predicted as (

    select
        * exclude (event_date),
        'day' as period,
        event_date as period_start_date,
        'cohort' as scope  -- noqa: RF04

    from predicted_daily

    union all by name

    select
        model_id,
        'week' as period,
        cast(date_trunc('week', event_date) as date) as period_start_date,
        'cohort' as scope,  -- noqa: RF04
        'all' as model_version,
        label_source,
        cohort_attribute,
        cohort_value,
        {%- for name, _, _ in estimates %}
        sum(estimated_{{ name }}_sum) as estimated_{{ name }}_sum,
        {%- endfor %}
        bool_and(is_mature) as is_mature,
        sum(prediction_count) as prediction_count,
        sum(selected_count) as selected_count,
        sum(estimated_count) as estimated_count

    from predicted_daily
    group by all

    union all by name

    select
        daily.model_id,
        daily.period,
        daily.period_start_date,
        'model' as scope,
        'all' as model_version,
        daily.label_source,
        daily.cohort_attribute,
        daily.cohort_value,
        bool_and(daily.is_mature) as is_mature,
        sum(daily.prediction_count) as prediction_count

    from {{ by_period('predicted_daily') }} as daily
    inner join quality
        on
            daily.model_id = quality.member_id
            and daily.label_source = quality.label_source
    where daily.cohort_attribute <> 'all' and daily.period <> 'day'
    group by all

    union all by name

    select
        matured.model_id,
        matured.period,
        matured.period_start_date,
        'model' as scope,
        'all' as model_version,
        matured.label_source,
        'all' as cohort_attribute,
        'all' as cohort_value,
        bool_and(matured.is_mature) as is_mature,
        sum(matured.prediction_count) as prediction_count

    from {{ by_period('matured') }} as matured
    inner join quality
        on
            matured.model_id = quality.member_id
            and matured.label_source = quality.label_source
    group by all

),

final as (

    select
        {%- for key in window_keys %}
        predicted.{{ key }},
        {%- endfor %}

        predicted.is_mature,

        cast(predicted.prediction_count as bigint) as prediction_count,
        cast(predicted.selected_count as bigint) as selected_count,
        {%- for column in counts %}
        coalesce(labelled.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        labelled.* exclude ({{ (window_keys + counts) | join(', ') }}),
        {%- for name, _, _ in estimates %}
        cast(predicted.estimated_{{ name }}_sum as double) as estimated_{{ name }}_sum,
        {%- endfor %}
        cast(predicted.estimated_count as bigint) as estimated_count

    from predicted
    left join labelled on {{ same_keys('predicted', 'labelled', window_keys) }}

)

select * from final -- noqa: AM04
