with

scorecard as (

    select * from {{ ref('mart_scorecard') }}
    where period <> 'day'

),

reduced as (select * from {{ ref('int_kpi_changes__reduced') }}),

estimated as (select * from {{ ref('int_kpi_changes__estimated') }}),

compared as (

    select
        scorecard.*,
        reduced.basis,
        reduced.fewest_unit_count,
        scorecard.value - scorecard.previous_value as change,
        estimated.change_ci_low,
        estimated.change_ci_high,
        estimated.p_value,
        estimated.adjusted_p_value

    from scorecard
    inner join reduced
        on
            scorecard.model_id = reduced.model_id
            and scorecard.kpi_id = reduced.kpi_id
            and scorecard.period = reduced.period
            and scorecard.period_start_date = reduced.period_start_date
    left join estimated
        on
            scorecard.model_id = estimated.model_id
            and scorecard.kpi_id = estimated.kpi_id
            and scorecard.period = estimated.period
            and scorecard.period_start_date = estimated.period_start_date

),

final as (

    select
        model_id,
        kpi_id,
        team_id,

        period_start_date,
        as_of,

        period,
        model_name,
        kpi_name,
        basis,
        case
            when change is null or (basis <> 'valuation' and fewest_unit_count < 2) then null
            when abs(change) <= {{ var('steady_change') }} * abs(previous_value) then 'steady'
            when adjusted_p_value >= {{ var('move_p_value') }} then 'steady'
            -- Values that do not vary have no error, and a valuation has none: the sign of their change decides.
            when (change > 0) = is_higher_better then 'improved'
            else 'worsened'
        end as movement,

        value,
        previous_value,
        change,
        -- From a loss to a gain, a relative change has no meaning.
        case when value * previous_value >= 0 then {{ ratio('change', 'abs(previous_value)') }} end as change_relative,
        -- Two shares differ by 1 at most; the normal approximation does not know.
        case
            when change is null then null
            when unit like 'share%' then greatest(change_ci_low, -1)
            else change_ci_low
        end as change_ci_low,
        case
            when change is null then null
            when unit like 'share%' then least(change_ci_high, 1)
            else change_ci_high
        end as change_ci_high,
        case when change is not null then p_value end as p_value,
        case when change is not null then adjusted_p_value end as adjusted_p_value

    from compared

)

select * from final
