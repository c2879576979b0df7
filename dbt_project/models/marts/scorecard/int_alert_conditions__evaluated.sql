{#- Long: a part per kind of alert, each read alone. -#}
{{ config(materialized='view') }}

with

scorecard as (

    -- A period in progress would open and close an alert with every day.
    select * from {{ ref('mart_scorecard') }}
    where is_whole and value is not null

),

-- A budget that burns on and off is one alert: it closes after `slo_calm_hours` without a breach. Its severity is the
-- highest of these hours.
burning as (

    select
        *,
        count(severity) over lately > 0 as is_burning,
        case
            when bool_or(severity = 'page') over lately then 'page'
            when bool_or(severity = 'ticket') over lately then 'ticket'
        end as lasting_severity

    from {{ ref('mart_slo_burn') }}
    window lately as (
        partition by model_id, slo order by hour_at
        range between interval {{ var('slo_calm_hours') - 1 }} hour preceding and current row
    )

),

guardrails as (select * from {{ ref('mart_guardrails') }}),

triggers as (select * from {{ ref('mart_retrain_triggers') }}),

splits as (select * from {{ ref('int_experiment_splits__estimated') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

sources as (select * from {{ ref('int_sources__checked') }}),

rejections as (select * from {{ source('ledger', 'rejections') }}),

alert_actions as (select * from {{ ref('alert_actions') }}),

kpis as (select * from {{ ref('kpis') }}),

off_target as (

    select
        scorecard.model_id,
        'kpi_off_target' as alert_kind,
        scorecard.kpi_id as subject_id,
        cast(scorecard.as_of + interval 1 day as timestamp) as evaluated_at,
        scorecard.status = 'off_target' as is_breached,
        'ticket' as severity,
        scorecard.kpi_name || ' of ' || {{ period_text('scorecard.period', 'scorecard.period_start_date') }} || ': '
        || {{ amount_text('scorecard.value', 'scorecard.unit') }}
        || {{ run_rate_text('scorecard.unit', 'scorecard.period') }}
        || ', target ' || {{ amount_text('scorecard.target', 'scorecard.unit') }} as evidence,
        kpis.off_target_action as recommended_action

    from scorecard
    inner join kpis on scorecard.kpi_id = kpis.kpi_id
    where scorecard.period = kpis.target_period and scorecard.target is not null

),

slo_burn as (

    select
        model_id,
        'slo_burn' as alert_kind,
        slo as subject_id,
        hour_at + interval 1 hour as evaluated_at,
        is_burning as is_breached,
        lasting_severity as severity,
        slo || ': ' || bad_request_count || ' bad request' || case when bad_request_count = 1 then '' else 's' end
        || ' in the hour, budget burning at '
        || {{ number_text('burn_1h') }} || ' (1 h), ' || {{ number_text('burn_6h') }} || ' (6 h), '
        || {{ number_text('burn_3d') }} || ' (3 d) times the allowed rate' as evidence,
        cast(null as varchar) as recommended_action

    from burning
    where burn_3d is not null

),

-- A breach that may be chance pages nobody.
guarded as (

    select
        model_id,
        'guardrail' as alert_kind,
        guardrail_id as subject_id,
        evaluated_at,
        is_breached,
        case when coalesce(is_beyond_chance, true) then 'page' else 'ticket' end as severity,
        evidence,
        case action
            when 'human_review' then 'Human review: decide whether the model may stay in service.'
            when 'rollback' then 'Roll back to the previous version.'
            when 'retrain' then 'Retrain, and release the new version.'
        end as recommended_action

    from guardrails

),

-- Evaluated when raised and when closed: a retrain trigger does not change in between.
retrain as (

    {% for moment, is_breached in [('raised_at', 'true'), ('closed_at', 'false')] -%}
    select
        model_id,
        'retrain_due' as alert_kind,
        coalesce(guardrail_id, reason) as subject_id,
        {{ moment }} as evaluated_at,
        {{ is_breached }} as is_breached,
        'ticket' as severity,
        evidence,
        cast(null as varchar) as recommended_action

    from triggers
    where {{ moment }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

invalid as (

    select
        experiments.member_id as model_id,
        'experiment_invalid' as alert_kind,
        splits.experiment_id as subject_id,
        cast(splits.exposed_date + interval 1 day as timestamp) as evaluated_at,
        splits.is_invalid as is_breached,
        'ticket' as severity,
        experiments.name || ': users per variant ' || splits.split || ', p = '
        || {{ number_text('splits.srm_p_value') }} as evidence,
        cast(null as varchar) as recommended_action

    from splits
    inner join experiments on splits.experiment_id = experiments.experiment_id
    where splits.is_invalid is not null

),

stale as (

    select
        model_id,
        'source_stale' as alert_kind,
        source as subject_id,
        cast(event_date + interval 1 day as timestamp) as evaluated_at,
        is_stale as is_breached,
        'ticket' as severity,
        source_title || ': newest day ' || newest_date || ' at the end of ' || event_date || ', '
        || 'freshness limit ' || fresh_hours || ' hours' as evidence,
        cast(null as varchar) as recommended_action

    from sources

),

-- Open while the day is rejected, four weeks at most: nobody delivers an older one again.
rejected as (

    select
        sources.model_id,
        'source_rejected' as alert_kind,
        sources.source as subject_id,
        cast(sources.event_date + interval 1 day as timestamp) as evaluated_at,
        rejections.day is not null and sources.event_date < rejections.day + 28 as is_breached,
        'ticket' as severity,
        sources.source_title || ', ' || rejections.day || ': rejected, ' || rejections.message as evidence,
        cast(null as varchar) as recommended_action

    from sources
    asof left join rejections
        on
            sources.source = rejections.source
            and sources.event_date >= rejections.day

),

silent as (

    select
        model_id,
        'instrumentation_broken' as alert_kind,
        source as subject_id,
        cast(event_date + interval 1 day as timestamp) as evaluated_at,
        is_silent as is_breached,
        'ticket' as severity,
        source_title || ': no row of the model since ' || last_row_date || ', though loaded on '
        || silent_day_count || ' days until ' || event_date as evidence,
        cast(null as varchar) as recommended_action

    from sources
    where is_silent is not null

),

united as (

    select * from off_target
    union all
    select * from slo_burn
    union all
    select * from guarded
    union all
    select * from retrain
    union all
    select * from invalid
    union all
    select * from stale
    union all
    select * from rejected
    union all
    select * from silent

),

-- An action is given for a kind of alert as a whole, or for a subject of it.
final as (

    select
        united.* exclude (recommended_action),
        coalesce(united.recommended_action, alert_actions.recommended_action) as recommended_action

    from united
    left join alert_actions
        on
            united.alert_kind = alert_actions.alert_kind
            and (united.subject_id = alert_actions.subject_id or alert_actions.subject_id is null)

)

select * from final
