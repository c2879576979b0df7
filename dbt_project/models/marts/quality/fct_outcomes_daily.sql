{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('labelled_date', forward=var('label_window_days')) }}"
) }}

with

{{ matched_labels() }},

attributes as (

    select
        member_id,
        list(attribute order by attribute) as attributes

    from {{ source('catalog', 'cohort_attributes') }}
    group by all

),

judged as (

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
        end as given_probability,
        predicted_value - actual_value as error,
        case
            when ranked_items is not null and len(relevant_items) > 0
                then coalesce(list_sum(list_transform(
                    range(1, len(ranked_items) + 1),
                    lambda place: case
                        when list_contains(relevant_items, ranked_items[place]) then 1 / log2(place + 1)
                        else 0
                    end
                )), 0) / list_sum(list_transform(
                    range(1, least(ranking_cutoff, len(relevant_items)) + 1),
                    lambda place: 1 / log2(place + 1)
                ))
        end as ndcg,
        case when ranked_items is not null then cast(list_has_any(ranked_items, relevant_items) as integer) end as hit

    from matched

),

-- Decimals, so that a sum never depends on the order in which its rows are read.
summed as (

    select
        model_id,
        event_date,
        labelled_date,
        model_version,
        environment,
        label_source,
        cohorts,
        predicted_label,
        actual_label,
        score_bin,
        count(*) filter (where times = 1) as received_label_count,
        sum(times) as label_count,
        sum(times * delay_milliseconds) * 0.001 as delay_seconds,
        coalesce(sum(times) filter (where score is not null and happened is not null), 0) as scored_count,
        sum(cast(times * score as decimal(18, 12))) as score_sum,
        coalesce(sum(times) filter (where given_probability is not null), 0) as log_loss_count,
        sum(cast(times * -ln(greatest(given_probability, 1e-15)) as decimal(18, 12))) as log_loss_sum,
        sum(cast(times * (score - happened) * (score - happened) as decimal(18, 12))) as squared_score_error_sum,
        coalesce(sum(times) filter (where error is not null), 0) as valued_count,
        sum(cast(times * error as decimal(38, 9))) as error_sum,
        sum(cast(times * abs(error) as decimal(38, 9))) as absolute_error_sum,
        sum(cast(times * error * error as decimal(38, 9))) as squared_error_sum,
        sum(cast(times * pow(least(abs(error), 1e6), 4) as decimal(38, 6))) as fourth_power_error_sum,
        sum(cast(times * abs(actual_value) as decimal(38, 9))) filter (where error is not null) as actual_sum,
        sum(cast(times * actual_value * actual_value as decimal(38, 9))) filter (where error is not null)
            as squared_actual_sum,
        sum(cast(times * abs(error) * abs(actual_value) as decimal(38, 9))) as error_actual_sum,
        sum(cast(times * abs(error / nullif(actual_value, 0)) as decimal(38, 9))) as relative_error_sum,
        coalesce(sum(times) filter (where error is not null and actual_value <> 0), 0) as relative_error_count,
        coalesce(sum(times) filter (where hit is not null), 0) as ranked_count,
        coalesce(sum(times * hit), 0) as hit_count,
        coalesce(sum(times) filter (where ndcg is not null), 0) as ndcg_count,
        sum(cast(times * ndcg as decimal(18, 12))) as ndcg_sum,
        sum(cast(times * ndcg * ndcg as decimal(18, 12))) as squared_ndcg_sum

    from judged
    group by all

),

final as (

    select
        summed.model_id,

        summed.event_date,
        summed.labelled_date,

        summed.model_version,
        summed.environment,
        summed.label_source,
        {{ cohort_values('summed.cohorts', 'attributes.attributes') }} as cohort_values,
        summed.predicted_label,
        summed.actual_label,

        summed.score_bin,
        {%- for column in outcome_sums() %}
        {% if column.endswith('_count') -%}
        cast(sum(summed.{{ column }}) as bigint) as {{ column }},
        {%- else -%}
        sum(summed.{{ column }}) as {{ column }},
        {%- endif %}
        {%- endfor %}
        cast(sum(summed.received_label_count) as bigint) as received_label_count

    from summed
    left join attributes on summed.model_id = attributes.member_id
    group by all

)

select * from final
