with

summed as (select * from {{ ref('int_energy__summed') }}),

final as (

    select
        energy.model_id,

        energy.period_start_date,

        energy.period,
        energy.gap_reason as energy_gap_reason,
        emissions.gap_reason as emissions_gap_reason,

        energy.numerator as energy_kwh,
        cast(energy.denominator as bigint) as energy_prediction_count,
        {{ ratio('energy.numerator', 'energy.denominator') }} as kwh_per_prediction,
        emissions.numerator as emissions_gco2e,
        cast(emissions.denominator as bigint) as emissions_prediction_count,
        {{ ratio('emissions.numerator', 'emissions.denominator') }} as gco2e_per_prediction

    from summed as energy
    inner join summed as emissions
        on
            energy.model_id = emissions.model_id
            and energy.period = emissions.period
            and energy.period_start_date = emissions.period_start_date
    where energy.kpi_id = 'energy_per_prediction' and emissions.kpi_id = 'emissions_per_prediction'

)

select * from final
