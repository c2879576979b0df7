with

outcomes as (select * from {{ ref('int_outcomes__deduplicated') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

final as (

    select
        outcomes.experiment_id,
        outcomes.metric_id,
        outcomes.unit_id,

        cast(
            floor((outcomes.outcome_date - experiments.valid_from) / experiments.period_days) as bigint
        ) as period_number,
        cast(
            floor((max(outcomes.treated_from_date) - experiments.valid_from) / experiments.period_days) as bigint
        ) as first_treated_period,

        count(*) as outcome_count,
        sum(outcomes.outcome) as outcome_total,
        cast(sum(outcomes.outcome) as double) / count(*) as mean_outcome

    from outcomes
    inner join experiments on outcomes.experiment_id = experiments.experiment_id
    group by
        outcomes.experiment_id, outcomes.metric_id, outcomes.unit_id, period_number,
        experiments.valid_from, experiments.period_days

)

select * from final
order by experiment_id, metric_id, unit_id, period_number
