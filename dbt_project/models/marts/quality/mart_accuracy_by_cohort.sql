with

final as (

    select
        model_id,

        period_start_date,

        period,
        label_source,
        cohort_attribute,
        cohort_value,
        measure,

        is_mature,
        is_too_small,

        prediction_count,
        labelled_count,
        {{ ratio('labelled_count', 'prediction_count') }} as label_coverage_rate,

        score,
        score_ci_low,
        score_ci_high

    from {{ ref('int_accuracy__measured') }}
    where scope = 'model' and period <> 'day'

)

select * from final
