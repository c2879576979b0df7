with

reduced as (select * from {{ ref('int_satisfaction_lags__reduced') }}),

estimated as (select * from {{ ref('int_satisfaction_lags__estimated') }}),

final as (

    select
        reduced.model_id,

        reduced.measure,
        reduced.factor,

        reduced.lag_days,
        reduced.day_count,
        estimated.correlation,
        estimated.ci_low,
        estimated.ci_high

    from reduced
    inner join estimated
        on
            reduced.model_id = estimated.model_id
            and reduced.measure = estimated.measure
            and reduced.factor = estimated.factor
            and reduced.lag_days = estimated.lag_days

)

select * from final
