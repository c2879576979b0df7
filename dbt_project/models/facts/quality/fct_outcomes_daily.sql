{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('labelled_date', forward=var('label_window_days')) }}"
) }}

with

matched as (

    select * from {{ ref('int_labels__matched') }}
    where task is null or task not in ('regression', 'ranking')

),

-- What predicts numbers and lists has sums of its own, which every other label would make wide rows of nothing.
evaluated_values as (select * from {{ ref('int_label_values__evaluated') }}),

attributes as (

    select
        member_id,
        list(attribute order by attribute) as attributes

    from {{ source('catalog', 'cohort_attributes') }}
    group by all

),

evaluated as (

    select
        *,
        case task
            when 'binary' then cast(actual_label = 'positive' as integer)
            when 'multiclass' then cast(actual_label = predicted_label as integer)
        end as happened,
        case
            when task = 'binary' then case when actual_label = 'positive' then score else 1 - score end
            -- A class that the log gives no probability has none.
            when task = 'multiclass' and class_scores is not null
                then coalesce({{ class_score('class_scores', 'actual_label') }}, 0)
        end as given_probability

    from matched

),

-- Decimals, so that a sum never depends on the order in which its rows are read.
evaluated_sums as (

    select
        {{ outcome_keys() | join(', ') }},
        count(*) as label_count,
        count(*) filter (where times = 1 and is_received) as received_label_count,
        sum(passed_over_count) as passed_over_count,
        sum(delay_milliseconds) as delay_milliseconds,
        count(score - happened) as scored_count,
        sum(cast(score as decimal(18, 12))) as score_sum,
        count(given_probability) as log_loss_count,
        -- greatest() passes over a null.
        sum(cast(-ln(greatest(given_probability, 1e-15)) as decimal(18, 12)))
        filter (where given_probability is not null) as log_loss_sum,
        sum(cast((score - happened) * (score - happened) as decimal(18, 12))) as squared_score_error_sum

    from evaluated
    group by all

),

value_sums as (

    select
        {{ outcome_keys() | join(', ') }},
        count(*) filter (where is_read) as label_count,
        count(*) filter (where not is_read) as unreadable_label_count,
        count(*) filter (where times = 1 and is_received) as received_label_count,
        sum(passed_over_count) as passed_over_count,
        sum(delay_milliseconds) filter (where is_read) as delay_milliseconds,
        sum(cast(score as decimal(18, 12))) as score_sum,
        count(error) as valued_count,
        sum(cast(error as decimal(38, 9))) as error_sum,
        sum(cast(abs(error) as decimal(38, 9))) as absolute_error_sum,
        sum(cast(error * error as decimal(38, 9))) as squared_error_sum,
        -- Left without one, `least` would take the million.
        sum(cast(pow(least(abs(error), 1e6), 4) as decimal(38, 6))) filter (where error is not null)
            as fourth_power_error_sum,
        sum(cast(abs(actual_value) as decimal(38, 9))) filter (where error is not null) as actual_sum,
        sum(cast(actual_value * actual_value as decimal(38, 9))) filter (where error is not null)
            as squared_actual_sum,
        sum(cast(abs(error) * abs(actual_value) as decimal(38, 9))) as error_actual_sum,
        sum(cast(abs(error / part_of) as decimal(38, 9))) as relative_error_sum,
        count(error / part_of) as relative_error_count,
        count(hit) as ranked_count,
        sum(hit) as hit_count,
        count(ndcg) as ndcg_count,
        sum(cast(ndcg as decimal(18, 12))) as ndcg_sum,
        sum(cast(ndcg * ndcg as decimal(18, 12))) as squared_ndcg_sum

    from evaluated_values
    group by all

),

summed as (

    select
        * exclude (delay_milliseconds),
        delay_milliseconds * 0.001 as delay_seconds

    from (
        select * from evaluated_sums
        union all by name
        select * from value_sums
    ) as sums

),

final as (

    select
        summed.model_id,

        summed.event_date,
        summed.labelled_date,

        summed.model_version,
        summed.environment,
        {{ label_source_name('summed.label_source_number') }} as label_source,
        {{ cohort_values('summed.cohorts', 'attributes.attributes') }} as cohort_values,
        summed.predicted_label,
        summed.actual_label,

        summed.score_bin,
        {%- for column in outcome_sums() %}
        {%- set signed = 'sum(case summed.times when 1 then summed.' ~ column ~ ' else -summed.' ~ column ~ ' end)' %}
        {% if column.endswith('_count') -%}
        cast(coalesce({{ signed }}, 0) as bigint) as {{ column }},
        {%- else -%}
        {{ signed }} as {{ column }},
        {%- endif %}
        {%- endfor %}
        cast(coalesce(sum(summed.received_label_count), 0) as bigint) as received_label_count

    from summed
    left join attributes on summed.model_id = attributes.member_id
    group by all

)

select * from final
