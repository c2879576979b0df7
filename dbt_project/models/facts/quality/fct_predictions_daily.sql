{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

predictions as (

    select * from {{ ref('int_predictions__decided') }}
    where {{ in_days_to_rebuild('event_date') }}

),

attributes as (

    select
        member_id,
        list(attribute order by attribute) as attributes

    from {{ source('catalog', 'cohort_attributes') }}
    group by all

),

-- By the attributes as logged first: what the catalog makes of them is then asked of a few rows.
counted as (

    select
        model_id,
        event_date,
        model_version,
        environment,
        cohorts,
        predicted_label,
        score_bin,
        count(*) as prediction_count

    from predictions
    group by all

),

final as (

    select
        counted.model_id,

        counted.event_date,

        counted.model_version,
        counted.environment,
        {{ cohort_values('counted.cohorts', 'attributes.attributes') }} as cohort_values,
        counted.predicted_label,

        counted.score_bin,
        cast(sum(counted.prediction_count) as bigint) as prediction_count

    from counted
    left join attributes on counted.model_id = attributes.member_id
    group by all

)

select * from final
