{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ delete_periods_to_rebuild('period_start_date', 'period', back=var('label_window_days'), forward=var('label_window_days')) }}",
        "{% if is_incremental() %} delete from {{ this }} where scope = 'model' {% endif %}",
    ]
) }}

{%- set window_keys = accuracy_window_keys() %}
{%- set confusion = [
    ('true_positive', 'positive', 'positive'), ('false_positive', 'positive', 'negative'),
    ('false_negative', 'negative', 'positive'), ('true_negative', 'negative', 'negative'),
] %}

with

outcomes as (select * from {{ ref('int_outcomes__windowed') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

costs as (select * from {{ source('catalog', 'error_costs') }}),

pairs as (select * from {{ ref('int_scored_windows__paired') }}),

averaged as (select * from {{ ref('int_class_windows__averaged') }}),

labelled as (

    select
        {%- for key in window_keys %}
        outcomes.{{ key }},
        {%- endfor %}
        {%- for column in outcome_sums() %}
        sum(outcomes.{{ column }}) as {{ column }},
        {%- endfor %}
        {%- for name, predicted, actual in confusion %}
        case
            when any_value(quality.task) = 'binary'
                then
                    coalesce(
                        sum(outcomes.label_count) filter (
                            where outcomes.predicted_label = '{{ predicted }}'
                            and outcomes.actual_label = '{{ actual }}'
                        ), 0
                    )
        end as {{ name }}_count,
        {%- endfor %}
        sum(outcomes.label_count) filter (
            where outcomes.predicted_label is not null and outcomes.actual_label is not null
        ) as decided_count,
        sum(outcomes.label_count) filter (
            where outcomes.predicted_label = outcomes.actual_label
        ) as correct_count,
        sum(cast(outcomes.label_count * case
            when outcomes.predicted_label = outcomes.actual_label then 0
            when outcomes.predicted_label = 'positive' then costs.false_positive_usd
            when outcomes.predicted_label = 'negative' then costs.false_negative_usd
        end as decimal(38, 6))) as error_cost_usd

    from outcomes
    inner join quality on outcomes.model_id = quality.member_id
    left join costs
        on
            outcomes.model_id = costs.member_id
            and {{ as_of('costs', 'outcomes.event_date') }}
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
        cast(pairs.calibration_error_sum as double) as calibration_error_sum,
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
    left join pairs on {{ same_keys('labelled', 'pairs', window_keys) }}
    left join averaged on {{ same_keys('labelled', 'averaged', window_keys) }}

)

select * from final
