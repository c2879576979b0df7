with

exposed as (select * from {{ ref('int_value_streams__exposed') }}),

estimates as (select * from {{ ref('int_experiments__estimated') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

graded as (

    select
        exposed.*,

        case
            when exposed.experiment_id is null then 'declared'
            when experiments.design = 'randomised' then 'randomised'
            else 'quasi_experiment'
        end as grade,
        case
            when exposed.experiment_id is null then null
            when estimates.is_invalid then 'its experiment has a sample-ratio mismatch'
            when estimates.lift_absolute is null then 'its experiment has no estimate yet'
        end as effect_gap,
        case exposed.uplift
            when 'relative' then estimates.lift_relative
            else estimates.lift_absolute
        end as lift,
        case exposed.uplift
            when 'relative' then estimates.lift_relative_ci_low
            else estimates.lift_absolute_ci_low
        end as lift_ci_low,
        case exposed.uplift
            when 'relative' then estimates.lift_relative_ci_high
            else estimates.lift_absolute_ci_high
        end as lift_ci_high,
        estimates.unit_count as treated_unit_count

    from exposed
    left join experiments on exposed.experiment_id = experiments.experiment_id
    left join estimates
        on
            exposed.experiment_id = estimates.experiment_id
            and exposed.metric_id = estimates.metric_id
            and exposed.variation_id = estimates.variation_id

),

final as (

    select
        model_id,
        stream_id,
        experiment_id,
        metric_id,
        variation_id,

        event_date,

        uplift,
        direction,
        grade,
        coalesce(
            effect_gap,
            case
                when exposed_volume is null then 'the volume of the day is not loaded'
                when unit_value_usd is null then 'the catalog has no unit value for the day'
            end
        ) as gap_reason,

        -- A day on which one of a model's measured streams is unknown is unknown: a part of it would look like a fall.
        gap_reason is null
        and not bool_or(effect_gap is null and gap_reason is not null) over (
            partition by model_id, event_date, grade = 'declared'
        ) as is_counted,

        declared_uplift,
        lift,
        lift_ci_low,
        lift_ci_high,
        exposed_volume,
        volume_per_unit,
        unit_value_usd,
        age_days,
        half_life_days,
        treated_unit_count

    from graded

)

select * from final
order by model_id, event_date, stream_id
