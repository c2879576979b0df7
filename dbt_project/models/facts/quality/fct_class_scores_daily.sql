{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('labelled_date', forward=var('label_window_days')) }}"
) }}

with

matched as (

    select * from {{ ref('int_labels__matched') }}
    where task = 'multiclass' and class_scores is not null

),

attributes as (

    select
        member_id,
        list(attribute order by attribute) as attributes

    from {{ source('catalog', 'cohort_attributes') }}
    group by all

),

scored as (

    select
        *,
        unnest(json_keys(class_scores)) as class_label

    from matched

),

summed as (

    select
        model_id,
        event_date,
        labelled_date,
        model_version,
        environment,
        label_source_number,
        cohorts,
        class_label,
        {{ score_bin(class_score('class_scores', 'class_label')) }} as score_bin,
        sum(times) as label_count,
        coalesce(sum(times) filter (where actual_label = class_label), 0) as happened_count

    from scored
    group by all

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
        summed.class_label,

        summed.score_bin,
        cast(sum(summed.label_count) as bigint) as label_count,
        cast(sum(summed.happened_count) as bigint) as happened_count

    from summed
    left join attributes on summed.model_id = attributes.member_id
    where summed.score_bin is not null
    group by all

)

select * from final
