with

scores as (select * from {{ ref('int_scores__united') }}),

reduced as (select * from {{ ref('int_satisfaction__reduced') }}),

estimated as (select * from {{ ref('int_satisfaction__estimated') }}),

waves as (select * from {{ ref('int_survey_waves__counted') }}),

trailing_sums as (

    select
        reduced.*,
        reduced.period_start_date + 27 as event_date,
        estimated.ci_low,
        estimated.ci_high,
        estimated.nps_ci_low,
        estimated.nps_ci_high

    from reduced
    left join estimated
        on
            reduced.model_id = estimated.model_id
            and reduced.measure = estimated.measure
            and reduced.period = estimated.period
            and reduced.period_start_date = estimated.period_start_date
    where reduced.period = 'trailing_28d'

),

days as (

    select * from reduced
    where period = 'day'

),

final as (

    select
        scores.model_id,

        scores.event_date,
        waves.wave_start_date,

        scores.measure,

        scores.is_covered,

        scores.last_observation_at,

        cast(scores.worst_score as double) as worst_score,
        cast(scores.best_score as double) as best_score,
        scores.observation_count,
        {{ ratio('scores.score_sum', 'scores.observation_count') }} as score,
        {{ ratio('days.normalised_sum', 'scores.observation_count') }} as normalised_score,
        trailing_sums.covered_day_count as covered_28d_day_count,
        trailing_sums.observation_count as observation_28d_count,
        {{ ratio('trailing_sums.score_sum', 'trailing_sums.observation_count') }} as score_28d,
        {{ ratio('trailing_sums.normalised_sum', 'trailing_sums.observation_count') }} as normalised_score_28d,
        trailing_sums.ci_low as normalised_score_28d_ci_low,
        trailing_sums.ci_high as normalised_score_28d_ci_high,

        case when scores.measure = 'nps' then scores.promoter_count end as promoter_count,
        case when scores.measure = 'nps' then scores.passive_count end as passive_count,
        case when scores.measure = 'nps' then scores.detractor_count end as detractor_count,
        100 * {{ ratio(
            'scores.promoter_count - scores.detractor_count',
            'scores.promoter_count + scores.passive_count + scores.detractor_count'
        ) }} as nps,
        100 * {{ ratio(
            'trailing_sums.promoter_count - trailing_sums.detractor_count',
            'trailing_sums.promoter_count + trailing_sums.passive_count + trailing_sums.detractor_count'
        ) }} as nps_28d,
        trailing_sums.nps_ci_low as nps_28d_ci_low,
        trailing_sums.nps_ci_high as nps_28d_ci_high,

        waves.invited_count,
        waves.answered_count,
        {{ ratio('waves.answered_count', 'waves.invited_count') }} as response_rate,

        scores.unscored_response_count,
        scores.unfinished_response_count,
        scores.preview_response_count,
        scores.spam_response_count,
        scores.late_response_count,
        scores.duplicate_response_count

    from scores
    inner join days
        on
            scores.model_id = days.model_id
            and scores.measure = days.measure
            and scores.event_date = days.period_start_date
    inner join trailing_sums
        on
            scores.model_id = trailing_sums.model_id
            and scores.measure = trailing_sums.measure
            and scores.event_date = trailing_sums.event_date
    left join waves
        on
            scores.model_id = waves.model_id
            and scores.measure = waves.measure
            and scores.event_date = waves.event_date

)

select * from final
