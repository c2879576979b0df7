with

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

streams as (select * from {{ ref('int_value_streams__graded') }}),

estimated as (

    select * from {{ ref('int_business_value__estimated') }}
    where period = 'day'

),

evidence as (

    select
        model_id,
        event_date,
        bool_or(grade <> 'declared' and is_counted) as is_measured,
        max(case grade when 'quasi_experiment' then 1 else 0 end) filter (where is_counted) as is_any_quasi,
        string_agg(distinct experiment_id, ', ' order by experiment_id) filter (where is_counted) as experiment_ids,
        count(*) filter (where is_counted and grade <> 'declared') as measured_stream_count,
        count(*) filter (where not is_counted and grade <> 'declared') as unmeasured_stream_count,
        max(gap_reason) as gap_reason,
        -- Two streams' volumes and prices are not one: shown where there is one stream.
        case when count(*) filter (where is_counted) = 1 then max(exposed_volume) filter (where is_counted) end
            as exposed_volume,
        case when count(*) filter (where is_counted) = 1 then max(unit_value_usd) filter (where is_counted) end
            as unit_value_usd
    from streams
    group by model_id, event_date

),

final as (

    select
        models.model_id,

        days.event_date,

        case
            when measured.value_usd is not null and evidence.is_any_quasi = 1 then 'quasi_experiment'
            when measured.value_usd is not null then 'randomised'
            when declared.value_usd is not null and not coalesce(evidence.unmeasured_stream_count > 0, false)
                then 'declared'
        end as evidence_grade,
        case
            when evidence_grade is null
                then coalesce(evidence.gap_reason, 'no value stream of the model is active')
        end as gap_reason,
        evidence.experiment_ids,

        case when evidence_grade = 'declared' then declared.value_usd else measured.value_usd end as value_usd,
        measured.value_ci_low_usd,
        measured.value_ci_high_usd,
        case
            when evidence_grade = 'declared' then declared.cumulative_value_usd else measured.cumulative_value_usd
        end as cumulative_value_usd,
        measured.cumulative_value_ci_low_usd,
        measured.cumulative_value_ci_high_usd,
        declared.value_usd as declared_value_usd,
        evidence.exposed_volume,
        evidence.unit_value_usd,
        coalesce(evidence.measured_stream_count, 0) as measured_stream_count,
        coalesce(evidence.unmeasured_stream_count, 0) as unmeasured_stream_count

    from models
    cross join days
    left join evidence
        on
            models.model_id = evidence.model_id
            and days.event_date = evidence.event_date
    left join estimated as measured
        on
            models.model_id = measured.model_id
            and days.event_date = measured.period_start_date
            and measured.grade = 'measured'
    left join estimated as declared
        on
            models.model_id = declared.model_id
            and days.event_date = declared.period_start_date
            and declared.grade = 'declared'

)

select * from final
