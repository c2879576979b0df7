with

outcomes as (

    select
        experiments.experiment_id,
        outcomes.*
    from {{ ref('stg_experiments__outcomes') }} as outcomes
    inner join {{ source('catalog', 'experiments') }} as experiments
        on
            outcomes.experiment_key = experiments.experiment_key
            and {{ as_of('experiments', 'outcomes.outcome_date') }}

),

delivered as (

    {{ deliveries('experiments') }}

),

final as (

    select
        outcomes.experiment_id,
        outcomes.unit_id,
        outcomes.metric_id,

        outcomes.outcome_date,
        outcomes.treated_from_date,

        outcomes.outcome

    from outcomes
    left join delivered on outcomes._content_id = delivered.content_id
    qualify row_number() over (
        partition by outcomes.experiment_id, outcomes.unit_id, outcomes.metric_id, outcomes.outcome_date
        order by delivered.delivered_at desc nulls last, outcomes._content_id asc, outcomes._row asc
    ) = 1

)

select * from final
