with

final as (

    select
        model_id,

        period_start_date as week_date,

        label_source,
        cohort_attribute,
        cohort_value,
        measure,

        is_declared_source,
        is_mature,
        is_too_small,

        prediction_count,
        labelled_count,
        {{ ratio('labelled_count', 'prediction_count') }} as label_coverage_rate,

        score,
        score_ci_low,
        score_ci_high

    from {{ ref('int_accuracy__measured') }}
    where scope = 'cohort' and period = 'week'

)

select * from final
