with

scorecard as (

    -- A period in progress would open and close an alert with every day.
    select * from {{ ref('mart_scorecard') }}
    where
        as_of = cast(
            period_start_date + case period
                when 'day' then interval 1 day
                when 'week' then interval 7 day
                when 'month' then interval 1 month
                when 'quarter' then interval 3 month
            end - interval 1 day as date
        )
        and value is not null

),

-- A budget that burns on and off is one alert: it has cleared after so many calm hours.
burning as (

    select
        *,
        count(severity) over (
            partition by model_id, slo order by hour_at
            range between interval {{ var('slo_calm_hours') - 1 }} hour preceding and current row
        ) > 0 as is_burning,
        min(severity) over (
            partition by model_id, slo order by hour_at
            range between interval {{ var('slo_calm_hours') - 1 }} hour preceding and current row
        ) as lasting_severity

    from {{ ref('mart_slo_burn') }}

),

guardrails as (select * from {{ source('catalog', 'guardrails') }}),

alert_actions as (select * from {{ ref('alert_actions') }}),

off_target as (

    select
        scorecard.model_id,
        'kpi_off_target' as alert_kind,
        scorecard.kpi_id as subject_id,
        cast(scorecard.as_of + interval 1 day as timestamp) as judged_at,
        scorecard.status = 'off_target' as is_breached,
        'ticket' as severity,
        scorecard.kpi_name || ' of the week of ' || scorecard.period_start_date || ': '
        || {{ number_text('scorecard.value') }} || ' ' || scorecard.unit
        || ', target ' || {{ number_text('scorecard.target') }} as evidence,
        alert_actions.recommended_action

    from scorecard
    left join alert_actions
        on
            alert_actions.alert_kind = 'kpi_off_target'
            and scorecard.kpi_id = alert_actions.subject_id
    where scorecard.period = 'week' and scorecard.target is not null

),

slo_burn as (

    select
        burning.model_id,
        'slo_burn' as alert_kind,
        burning.slo as subject_id,
        burning.hour_at + interval 1 hour as judged_at,
        burning.is_burning as is_breached,
        burning.lasting_severity as severity,
        burning.slo || ': ' || burning.bad_request_count || ' bad requests in the hour, budget burning at '
        || {{ number_text('burning.burn_1h') }} || ' (1 h), ' || {{ number_text('burning.burn_6h') }} || ' (6 h), '
        || {{ number_text('burning.burn_3d') }} || ' (3 d) times what is allowed' as evidence,
        alert_actions.recommended_action

    from burning
    left join alert_actions
        on
            alert_actions.alert_kind = 'slo_burn'
            and burning.slo = alert_actions.subject_id
    where burning.burn_3d is not null

),

guarded as (

    select
        guardrails.member_id as model_id,
        'guardrail' as alert_kind,
        guardrails.guardrail_id as subject_id,
        cast(scorecard.as_of + interval 1 day as timestamp) as judged_at,
        coalesce(scorecard.value < guardrails.at_least, false)
        or coalesce(scorecard.value > guardrails.at_most, false) as is_breached,
        'page' as severity,
        scorecard.kpi_name || ' of the ' || scorecard.period || ' of ' || scorecard.period_start_date || ': '
        || {{ number_text('scorecard.value') }} || ' ' || scorecard.unit || ', '
        || case when guardrails.at_least is null then 'at most ' else 'at least ' end
        || {{ number_text('coalesce(guardrails.at_least, guardrails.at_most)') }} || ' allowed' as evidence,
        case guardrails.action
            when 'human_review' then 'Human review: decide whether it may go on.'
            when 'rollback' then 'Roll back to the version before.'
            when 'retrain' then 'Retrain, and release the new version.'
        end as recommended_action

    from guardrails
    inner join scorecard
        on
            guardrails.member_id = scorecard.model_id
            and guardrails.kpi_id = scorecard.kpi_id
            and guardrails.period = scorecard.period
            and guardrails.valid_from <= scorecard.as_of
            and (guardrails.valid_to is null or guardrails.valid_to > scorecard.as_of)

),

final as (

    select * from off_target
    union all
    select * from slo_burn
    union all
    select * from guarded

)

select * from final
