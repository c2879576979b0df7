{%- set keys = ['model_id', 'month_date', 'label_source', 'cohort_attribute', 'cohort_value'] %}
{%- set attribute = 'partition by model_id, month_date, label_source, cohort_attribute' %}

with

quality as (

    select * from {{ source('catalog', 'quality') }}
    where task = 'binary'

),

protected as (

    select * from {{ source('catalog', 'cohort_attributes') }}
    where is_protected

),

matured as (select * from {{ ref('int_labels__matured') }}),

predictions as (

    select
        predictions.model_id,
        cast(date_trunc('month', predictions.event_date) as date) as month_date,
        quality.label_source,
        predictions.cohort_attribute,
        predictions.cohort_value,
        any_value(quality.minimum_sample) as minimum_sample,
        sum(predictions.prediction_count) as prediction_count,
        coalesce(sum(predictions.prediction_count) filter (where predictions.predicted_label = 'positive'), 0)
            as selected_count

    from {{ ref('int_predictions__split') }} as predictions
    inner join quality
        on
            predictions.model_id = quality.member_id
            and {{ is_evaluated('predictions.environment', 'quality.label_source') }}
    inner join protected
        on
            predictions.model_id = protected.member_id
            and predictions.cohort_attribute = protected.attribute
    where predictions.predicted_label is not null
    group by all

),

outcomes as (

    select
        outcomes.model_id,
        cast(date_trunc('month', outcomes.event_date) as date) as month_date,
        outcomes.label_source,
        outcomes.cohort_attribute,
        outcomes.cohort_value,
        sum(outcomes.label_count) filter (where outcomes.actual_label = 'positive') as positive_count,
        sum(outcomes.label_count) filter (
            where outcomes.actual_label = 'positive' and outcomes.predicted_label = 'positive'
        ) as true_positive_count

    from {{ ref('int_outcomes__split') }} as outcomes
    inner join matured
        on
            outcomes.model_id = matured.model_id
            and outcomes.label_source = matured.label_source
            and outcomes.event_date = matured.event_date
            and matured.is_mature
    where outcomes.predicted_label is not null
    group by all

),

groups as (

    select
        predictions.*,
        coalesce(outcomes.positive_count, 0) as positive_count,
        coalesce(outcomes.true_positive_count, 0) as true_positive_count,
        predictions.prediction_count < predictions.minimum_sample as is_too_small,
        coalesce(outcomes.positive_count, 0) < predictions.minimum_sample as has_too_few_positives

    from predictions
    left join outcomes on {{ same_keys('predictions', 'outcomes', keys) }}

),

final as (

    select
        model_id,

        month_date,

        label_source,
        cohort_attribute,
        cohort_value,

        is_too_small,
        has_too_few_positives,

        cast(prediction_count as bigint) as prediction_count,
        cast(selected_count as bigint) as selected_count,
        {{ ratio('selected_count', 'prediction_count') }} as selection_rate,
        {{ wilson('selected_count', 'prediction_count', -1) }} as selection_low,
        {{ wilson('selected_count', 'prediction_count', 1) }} as selection_high,
        case when not is_too_small then {{ ratio(
            ratio('selected_count', 'prediction_count'),
            'max(' ~ ratio('selected_count', 'prediction_count') ~ ') filter (where not is_too_small) over (' ~ attribute ~ ')'
        ) }} end as selection_rate_ratio,

        cast(positive_count as bigint) as positive_count,
        cast(true_positive_count as bigint) as true_positive_count,
        {{ ratio('true_positive_count', 'positive_count') }} as recall_rate,
        {{ wilson('true_positive_count', 'positive_count', -1) }} as recall_low,
        {{ wilson('true_positive_count', 'positive_count', 1) }} as recall_high,
        case
            when not has_too_few_positives
                then
                    {{ ratio('true_positive_count', 'positive_count') }}
                    - max({{ ratio('true_positive_count', 'positive_count') }})
                    filter (where not has_too_few_positives) over ({{ attribute }})
        end as equal_opportunity_difference

    from groups

)

select * from final
