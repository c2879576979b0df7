with

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

declared as (select * from {{ source('catalog', 'satisfaction_measures') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

measures as (select * from {{ ref('mart_satisfaction_measures_daily') }}),

decisions as (select * from {{ ref('fct_decisions_daily') }}),

tickets as (select * from {{ ref('fct_tickets_daily') }}),

active as (

    select *
    from {{ ref('int_feature_adoption__counted') }}
    where feature_id = 'all'

),

ticketed as (select distinct model_id from tickets),

zendesk_days as (

    select distinct day as event_date
    from coverage
    where source = 'zendesk'

),

-- Trailing counts need a row on each day, with nothing where nothing was known.
grid as (

    select
        models.model_id,
        days.event_date,
        declared.primary_measure,
        declared.survey_measure,
        decisions.overridden_count,
        trust.is_covered as is_trust_covered,
        case
            when zendesk_days.event_date is not null and ticketed.model_id is not null
                then coalesce(tickets.ticket_count, 0)
        end as ticket_count

    from models
    cross join days
    left join declared
        on
            models.model_id = declared.member_id
            and {{ as_of('declared', 'days.event_date') }}
    left join decisions on models.model_id = decisions.model_id and days.event_date = decisions.event_date
    left join measures as trust
        on models.model_id = trust.model_id and days.event_date = trust.event_date and trust.measure = 'trust'
    left join ticketed on models.model_id = ticketed.model_id
    left join tickets on models.model_id = tickets.model_id and days.event_date = tickets.event_date
    left join zendesk_days on days.event_date = zendesk_days.event_date

),

trailing_sums as (

    select
        *,
        sum(case when is_trust_covered then coalesce(overridden_count, 0) end) over trailing_days
            as overridden_28d_count,
        sum(ticket_count) over trailing_days as ticket_28d_count

    from grid
    window
        trailing_days as (
            partition by model_id
            order by event_date range between interval 27 day preceding and current row
        )

),

final as (

    select
        trailing_sums.model_id,

        trailing_sums.event_date,

        trailing_sums.primary_measure,
        trailing_sums.survey_measure,

        primary_scores.normalised_score as satisfaction,
        primary_scores.normalised_score_28d as satisfaction_28d,
        primary_scores.normalised_score_28d_ci_low as satisfaction_28d_ci_low,
        primary_scores.normalised_score_28d_ci_high as satisfaction_28d_ci_high,

        survey.observation_count as response_count,
        survey.score as survey_score,
        survey.normalised_score as normalised_survey_score,
        survey.observation_28d_count as response_28d_count,
        survey.score_28d as survey_score_28d,
        survey.worst_score
        + survey.normalised_score_28d_ci_low * (survey.best_score - survey.worst_score) as survey_score_28d_ci_worse,
        survey.worst_score
        + survey.normalised_score_28d_ci_high * (survey.best_score - survey.worst_score) as survey_score_28d_ci_better,
        survey.normalised_score_28d as normalised_survey_score_28d,
        survey.normalised_score_28d_ci_low as normalised_survey_score_28d_ci_low,
        survey.normalised_score_28d_ci_high as normalised_survey_score_28d_ci_high,
        survey.worst_score as survey_worst_score,
        survey.best_score as survey_best_score,
        survey.invited_count,
        survey.answered_count,
        survey.response_rate,
        survey.unscored_response_count,
        survey.unfinished_response_count,
        survey.preview_response_count,
        survey.spam_response_count,
        survey.late_response_count,
        survey.duplicate_response_count,

        nps.observation_28d_count as nps_response_28d_count,
        nps.nps,
        nps.nps_28d,
        nps.nps_28d_ci_low,
        nps.nps_28d_ci_high,

        trust.observation_count as overridable_count,
        case when trailing_sums.is_trust_covered then coalesce(trailing_sums.overridden_count, 0) end
            as overridden_count,
        {{ ratio('trailing_sums.overridden_count', 'trust.observation_count') }} as override_rate,
        trust.normalised_score as trust_rate,
        trust.observation_28d_count as overridable_28d_count,
        cast(trailing_sums.overridden_28d_count as bigint) as overridden_28d_count,
        {{ ratio('trailing_sums.overridden_28d_count', 'trust.observation_28d_count') }} as override_28d_rate,
        trust.normalised_score_28d as trust_28d_rate,
        trust.normalised_score_28d_ci_low as trust_28d_rate_ci_low,
        trust.normalised_score_28d_ci_high as trust_28d_rate_ci_high,

        trailing_sums.ticket_count,
        active.active_user_count,
        1000 * {{ ratio('trailing_sums.ticket_count', 'active.active_user_count') }} as tickets_per_1000_active_users,
        cast(trailing_sums.ticket_28d_count as bigint) as ticket_28d_count,
        active.active_28d_user_count,
        1000 * {{ ratio('trailing_sums.ticket_28d_count', 'active.active_28d_user_count') }}
            as tickets_28d_per_1000_active_users

    from trailing_sums
    left join active on trailing_sums.model_id = active.model_id and trailing_sums.event_date = active.event_date
    {% for alias, measure in [
        ('primary_scores', 'trailing_sums.primary_measure'), ('survey', 'trailing_sums.survey_measure'),
        ('nps', "'nps'"), ('trust', "'trust'"),
    ] -%}
    left join measures as {{ alias }}
        on
            trailing_sums.model_id = {{ alias }}.model_id
            and trailing_sums.event_date = {{ alias }}.event_date
            and {{ alias }}.measure = {{ measure }}
    {% endfor %}

)

select * from final
