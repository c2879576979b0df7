{{ config(materialized='ephemeral') }}

{%- set window_keys = accuracy_window_keys() %}

with

outcomes as (select * from {{ ref('int_outcomes__windowed') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

-- One row per window and class: how often the class was predicted, was the label, and both.
class_rows as (

    select
        {%- for key in window_keys %}
        outcomes.{{ key }},
        {%- endfor %}
        unnest(list_distinct([outcomes.predicted_label, outcomes.actual_label])) as label,
        outcomes.predicted_label,
        outcomes.actual_label,
        outcomes.label_count

    from outcomes
    inner join quality on outcomes.model_id = quality.member_id
    where
        quality.task = 'multiclass'
        and outcomes.predicted_label is not null
        and outcomes.actual_label is not null

),

classes as (

    select
        {{ window_keys | join(', ') }},
        label,
        coalesce(sum(label_count) filter (where predicted_label = label), 0) as predicted_count,
        coalesce(sum(label_count) filter (where actual_label = label), 0) as actual_count,
        coalesce(sum(label_count) filter (where predicted_label = label and actual_label = label), 0) as correct_count

    from class_rows
    group by all

),

final as (

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

)

select * from final
