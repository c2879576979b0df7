{# What one figure of accuracy is about, a window. #}
{% macro accuracy_window_keys() -%}
    {{ return([
        'model_id', 'period', 'period_start_date', 'scope', 'model_version', 'label_source', 'cohort_attribute',
        'cohort_value'
    ]) }}
{%- endmacro %}

{#
  What the labelled predictions of each window add up to, as a query over `windowed_outcomes`: rows of
  int_outcomes__split with the window they lie in.
#}
{% macro accuracy_sums(windowed_outcomes) -%}
{%- set window_keys = accuracy_window_keys() %}
{%- set confusion = [
    ('true_positive', 'positive', 'positive'), ('false_positive', 'positive', 'negative'),
    ('false_negative', 'negative', 'positive'), ('true_negative', 'negative', 'negative'),
] %}
with

windowed_outcomes as (select * from {{ windowed_outcomes }}),

quality as (select * from {{ source('catalog', 'quality') }}),

costs as (select * from {{ source('catalog', 'error_costs') }}),

labelled as (

    select
        {%- for key in window_keys %}
        windowed_outcomes.{{ key }},
        {%- endfor %}
        {%- for column in outcome_sums() %}
        sum(windowed_outcomes.{{ column }}) as {{ column }},
        {%- endfor %}
        {%- for name, predicted, actual in confusion %}
        case
            when any_value(quality.task) = 'binary'
                then
                    coalesce(
                        sum(windowed_outcomes.label_count) filter (
                            where windowed_outcomes.predicted_label = '{{ predicted }}'
                            and windowed_outcomes.actual_label = '{{ actual }}'
                        ), 0
                    )
        end as {{ name }}_count,
        {%- endfor %}
        sum(windowed_outcomes.label_count) filter (
            where windowed_outcomes.predicted_label is not null and windowed_outcomes.actual_label is not null
        ) as decided_count,
        sum(windowed_outcomes.label_count) filter (
            where windowed_outcomes.predicted_label = windowed_outcomes.actual_label
        ) as correct_count,
        sum(cast(windowed_outcomes.label_count * case
            when windowed_outcomes.predicted_label = windowed_outcomes.actual_label then 0
            when windowed_outcomes.predicted_label = 'positive' then costs.false_positive_usd
            when windowed_outcomes.predicted_label = 'negative' then costs.false_negative_usd
        end as decimal(38, 6))) as error_cost_usd

    from windowed_outcomes
    inner join quality on windowed_outcomes.model_id = quality.member_id
    left join costs
        on
            windowed_outcomes.model_id = costs.member_id
            and {{ as_of('costs', 'windowed_outcomes.event_date') }}
    group by all

),

scored as (

    select
        {%- for key in window_keys %}
        windowed_outcomes.{{ key }},
        {%- endfor %}
        windowed_outcomes.score_bin,
        sum(windowed_outcomes.score_sum) as score_sum,
        coalesce(
            sum(windowed_outcomes.label_count) filter (
                where windowed_outcomes.actual_label
                = case quality.task when 'binary' then 'positive' else windowed_outcomes.predicted_label end
            ), 0
        ) as happened_count,
        sum(windowed_outcomes.label_count) as scored_count

    from windowed_outcomes
    inner join quality on windowed_outcomes.model_id = quality.member_id
    where windowed_outcomes.score_bin is not null and quality.task in ('binary', 'multiclass')
    group by all

),

calibration as (

    select
        {{ window_keys | join(', ') }},
        sum(abs(score_sum - happened_count)) as calibration_error_sum

    from (
        select
            {{ window_keys | join(', ') }},
            {{ score_decile('score_bin') }} as decile,
            sum(score_sum) as score_sum,
            sum(happened_count) as happened_count

        from scored
        group by all
    ) as deciles
    group by all

),

-- Twice each count below, so that half a tie stays a whole number.
placed as (

    select
        *,
        2 * coalesce(sum(scored_count - happened_count) over below, 0) + scored_count - happened_count
            as twice_negatives_below_count,
        2 * coalesce(sum(happened_count) over above, 0) + happened_count as twice_positives_above_count

    from scored
    window
        below as (
            partition by {{ window_keys | join(', ') }} order by score_bin
            rows between unbounded preceding and 1 preceding
        ),
        above as (
            partition by {{ window_keys | join(', ') }} order by score_bin
            rows between 1 following and unbounded following
        )

),

pairs as (

    select
        {{ window_keys | join(', ') }},
        cast(sum(happened_count) as bigint) as happened_count,
        cast(sum(scored_count - happened_count) as bigint) as not_happened_count,
        cast(sum(cast(happened_count as hugeint) * twice_negatives_below_count) as double) / 2 as concordant_sum,
        cast(sum(cast(happened_count as hugeint) * (scored_count - happened_count)) as double) / 2 as tied_sum,
        cast(
            sum(cast(happened_count as hugeint) * twice_negatives_below_count * twice_negatives_below_count) as double
        ) / 4 as squared_negatives_below_sum,
        cast(
            sum(
                cast(scored_count - happened_count as hugeint)
                * twice_positives_above_count * twice_positives_above_count
            ) as double
        ) / 4 as squared_positives_above_sum

    from placed
    group by all

),

-- One row per window and class: how often it was said, how often it was so, and how often both.
said as (

    select
        {%- for key in window_keys %}
        windowed_outcomes.{{ key }},
        {%- endfor %}
        unnest(list_distinct([windowed_outcomes.predicted_label, windowed_outcomes.actual_label])) as label,
        windowed_outcomes.predicted_label,
        windowed_outcomes.actual_label,
        windowed_outcomes.label_count

    from windowed_outcomes
    inner join quality on windowed_outcomes.model_id = quality.member_id
    where
        quality.task = 'multiclass'
        and windowed_outcomes.predicted_label is not null
        and windowed_outcomes.actual_label is not null

),

classes as (

    select
        {{ window_keys | join(', ') }},
        label,
        coalesce(sum(label_count) filter (where predicted_label = label), 0) as predicted_count,
        coalesce(sum(label_count) filter (where actual_label = label), 0) as actual_count,
        coalesce(sum(label_count) filter (where predicted_label = label and actual_label = label), 0) as correct_count

    from said
    group by all

),

averaged as (

    select
        {{ window_keys | join(', ') }},
        count(*) as class_count,
        count(*) filter (where predicted_count > 0) as predicted_class_count,
        count(*) filter (where actual_count > 0) as actual_class_count,
        sum({{ ratio('correct_count', 'predicted_count') }} order by label) as precision_sum,
        sum({{ ratio('correct_count', 'actual_count') }} order by label) as recall_sum,
        sum({{ ratio('2 * correct_count', 'predicted_count + actual_count') }} order by label) as f1_sum,
        sum(actual_count * {{ ratio('correct_count', 'predicted_count') }} order by label) as weighted_precision_sum,
        sum(actual_count * {{ ratio('2 * correct_count', 'predicted_count + actual_count') }} order by label)
            as weighted_f1_sum,
        coalesce(sum(actual_count) filter (where predicted_count > 0), 0) as weighted_precision_count

    from classes
    group by all

),

final as (

    select
        {%- for key in window_keys %}
        labelled.{{ key }},
        {%- endfor %}
        {%- for column in outcome_sums() %}
        cast(labelled.{{ column }} as {{ 'bigint' if column.endswith('_count') else 'double' }}) as {{ column }},
        {%- endfor %}
        cast(labelled.decided_count as bigint) as decided_count,
        cast(coalesce(labelled.correct_count, 0) as bigint) as correct_count,
        {%- for name, _, _ in confusion %}
        cast(labelled.{{ name }}_count as bigint) as {{ name }}_count,
        {%- endfor %}
        cast(labelled.error_cost_usd as double) as error_cost_usd,
        cast(calibration.calibration_error_sum as double) as calibration_error_sum,
        pairs.happened_count,
        pairs.not_happened_count,
        pairs.concordant_sum,
        pairs.tied_sum,
        pairs.squared_negatives_below_sum,
        pairs.squared_positives_above_sum,
        averaged.predicted_class_count,
        averaged.actual_class_count,
        averaged.class_count,
        averaged.precision_sum,
        averaged.recall_sum,
        averaged.f1_sum,
        averaged.weighted_precision_sum,
        cast(averaged.weighted_precision_count as bigint) as weighted_precision_count,
        averaged.weighted_f1_sum

    from labelled
    left join calibration on {{ same_keys('labelled', 'calibration', window_keys) }}
    left join pairs on {{ same_keys('labelled', 'pairs', window_keys) }}
    left join averaged on {{ same_keys('labelled', 'averaged', window_keys) }}

)

select * from final
{%- endmacro %}
