{%- set keys = ['model_id', 'period_start_date', 'model_version', 'label_source', 'cohort_attribute', 'cohort_value'] %}

with

sums as (

    select * from {{ ref('int_accuracy__reduced') }}
    where scope = 'cohort' and period = 'day'

),

ends as (

    select * from {{ ref('int_accuracy__estimated') }}
    where scope = 'cohort' and period = 'day'

),

areas as (select * from {{ ref('int_class_areas__reduced') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

final as (

    select
        sums.model_id,

        sums.period_start_date as event_date,

        sums.model_version,
        sums.label_source,
        sums.cohort_attribute,
        sums.cohort_value,
        quality.task,

        sums.is_mature,
        sums.label_count < quality.minimum_sample as is_too_small,

        sums.prediction_count,
        sums.label_count as labelled_count,
        cast(sums.unreadable_label_count as bigint) as unreadable_label_count,
        {{ ratio('sums.label_count', 'sums.prediction_count') }} as label_coverage_rate,
        {{ ratio('sums.delay_seconds', '3600 * sums.label_count') }} as mean_label_delay_hours,
        cast(sums.passed_over_count as bigint) as passed_over_prediction_count,

        sums.decided_count,
        sums.correct_count,
        {{ ratio('sums.correct_count', 'sums.decided_count') }} as accuracy_rate,
        ends.accuracy_low,
        ends.accuracy_high,

        sums.true_positive_count,
        sums.false_positive_count,
        sums.false_negative_count,
        sums.true_negative_count,
        {{ ratio('sums.true_positive_count', 'sums.true_positive_count + sums.false_positive_count') }}
            as precision_rate,
        ends.precision_low,
        ends.precision_high,
        {{ ratio('sums.true_positive_count', 'sums.true_positive_count + sums.false_negative_count') }}
            as recall_rate,
        ends.recall_low,
        ends.recall_high,
        {{ ratio('sums.true_negative_count', 'sums.true_negative_count + sums.false_positive_count') }}
            as specificity_rate,
        ends.specificity_low,
        ends.specificity_high,
        {{ ratio(
            '2 * sums.true_positive_count',
            '2 * sums.true_positive_count + sums.false_positive_count + sums.false_negative_count'
        ) }} as f1,
        ends.f1_low,
        ends.f1_high,

        case
            when quality.task = 'binary'
                then {{ ratio('sums.concordant_sum', 'cast(sums.happened_count as double) * sums.not_happened_count') }}
        end as auc,
        ends.auc_low,
        ends.auc_high,
        case
            when quality.task = 'binary'
                then {{ ratio('sums.tied_sum', 'cast(sums.happened_count as double) * sums.not_happened_count') }}
        end as auc_binning_error,
        {{ ratio('areas.area_sum', 'areas.class_count') }} as macro_auc,
        {{ ratio('areas.weighted_area_sum', 'areas.weight_sum') }} as weighted_auc,
        {{ ratio('sums.log_loss_sum', 'sums.log_loss_count') }} as log_loss,
        {{ ratio('sums.squared_score_error_sum', 'sums.scored_count') }} as brier_score,
        {{ ratio('sums.calibration_error_sum', 'sums.scored_count') }} as calibration_error,

        {{ ratio('sums.precision_sum', 'sums.predicted_class_count') }} as macro_precision,
        {{ ratio('sums.recall_sum', 'sums.actual_class_count') }} as macro_recall,
        {{ ratio('sums.f1_sum', 'sums.class_count') }} as macro_f1,
        {{ ratio('sums.weighted_precision_sum', 'sums.weighted_precision_count') }} as weighted_precision,
        {{ ratio('sums.weighted_f1_sum', 'sums.decided_count') }} as weighted_f1,

        sums.valued_count,
        {{ ratio('sums.absolute_error_sum', 'sums.valued_count') }} as mean_absolute_error,
        ends.mean_absolute_error_low,
        ends.mean_absolute_error_high,
        sqrt({{ ratio('sums.squared_error_sum', 'sums.valued_count') }}) as root_mean_squared_error,
        ends.root_mean_squared_error_low,
        ends.root_mean_squared_error_high,
        {{ ratio('sums.relative_error_sum', 'sums.relative_error_count') }} as mean_absolute_percentage_error,
        {{ ratio('sums.error_sum', 'sums.valued_count') }} as bias,
        ends.bias_low,
        ends.bias_high,
        1 - {{ ratio('sums.absolute_error_sum', 'sums.actual_sum') }} as forecast_accuracy,
        ends.forecast_accuracy_low,
        ends.forecast_accuracy_high,

        {{ ratio('sums.ndcg_sum', 'sums.ndcg_count') }} as ndcg,
        ends.ndcg_low,
        ends.ndcg_high,
        {{ ratio('sums.hit_count', 'sums.ranked_count') }} as hit_rate,
        ends.hit_low,
        ends.hit_high,

        sums.error_cost_usd,
        {{ ratio('sums.error_cost_usd', 'sums.decided_count') }} as error_cost_per_prediction_usd,

        sums.estimated_count,
        {{ ratio(
            'sums.estimated_true_positive_sum + sums.estimated_true_negative_sum', 'sums.estimated_count'
        ) }} as estimated_accuracy_rate,
        {{ ratio(
            'sums.estimated_true_positive_sum',
            'sums.estimated_true_positive_sum + sums.estimated_false_positive_sum'
        ) }} as estimated_precision_rate,
        {{ ratio(
            'sums.estimated_true_positive_sum',
            'sums.estimated_true_positive_sum + sums.estimated_false_negative_sum'
        ) }} as estimated_recall_rate,
        {{ ratio(
            '2 * sums.estimated_true_positive_sum',
            '2 * sums.estimated_true_positive_sum + sums.estimated_false_positive_sum'
            ~ ' + sums.estimated_false_negative_sum'
        ) }} as estimated_f1

    from sums
    inner join ends on {{ same_keys('sums', 'ends', keys) }}
    inner join quality on sums.model_id = quality.member_id
    left join areas
        on
            sums.period_start_date = areas.event_date
            and {{ same_keys('sums', 'areas', keys | reject('equalto', 'period_start_date') | list) }}

)

select * from final
