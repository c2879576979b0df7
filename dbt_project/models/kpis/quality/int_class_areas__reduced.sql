{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date', back=var('label_window_days'), forward=var('label_window_days')) }}"
) }}

{%- set window_keys = [
    'model_id', 'event_date', 'model_version', 'label_source', 'cohort_attribute', 'cohort_value'
] %}
with

scores as (

    select * from {{ ref('fct_class_scores_daily') }}
    where
        {{ is_evaluated('environment', 'label_source') }}
        and {{ in_days_to_rebuild('event_date', back=var('label_window_days'), forward=var('label_window_days')) }}

),

memberships as (

    select
        *,
        unnest({{ cohort_memberships('cohort_values') }}) as membership

    from scores

),

binned as (

    select
        model_id,
        event_date,
        model_version,
        label_source,
        membership['cohort_attribute'] as cohort_attribute,
        membership['cohort_value'] as cohort_value,
        class_label,
        score_bin,
        sum(label_count) as scored_count,
        sum(happened_count) as happened_count

    from memberships
    group by all
    having sum(label_count) > 0

),

-- Twice the negatives below each positive, so that half a tie stays a whole number.
placed as (

    select
        *,
        2 * coalesce(
            sum(scored_count - happened_count) over (
                partition by {{ window_keys | join(', ') }}, class_label order by score_bin
                rows between unbounded preceding and 1 preceding
            ), 0
        ) + scored_count - happened_count as twice_negatives_below_count

    from binned

),

areas as (

    select
        {{ window_keys | join(', ') }},
        class_label,
        cast(sum(happened_count) as double) as happened_count,
        cast(sum(scored_count - happened_count) as double) as not_happened_count,
        {{ ratio(
            'cast(sum(cast(happened_count as hugeint) * twice_negatives_below_count) as double) / 2',
            'cast(sum(happened_count) as double) * cast(sum(scored_count - happened_count) as double)'
        ) }} as area

    from placed
    group by all

),

final as (

    select
        {{ window_keys | join(', ') }},
        count(area) as class_count,
        sum(area order by class_label) as area_sum,
        sum(happened_count) filter (where area is not null) as weight_sum,
        sum(happened_count * area order by class_label) as weighted_area_sum

    from areas
    group by all

)

select * from final
