with

-- The KPI decides what counts, and which part of the month is covered.
cadence as (

    select
        model_id,
        period_start_date as month_date,
        numerator as deployment_count,
        denominator as covered_months

    from {{ ref('int_deployment_cadence__summed') }}
    where period = 'month'

),

deployments as (

    select
        *,
        cast(date_trunc('month', deployed_date) as date) as month_date

    from {{ ref('mart_deployments') }}

),

reports as (

    select
        *,
        cast(date_trunc('month', reported_date) as date) as month_date

    from {{ ref('int_deployment_reports__sequenced') }}
    where is_first_report and report_role in ('redeploy', 'failed')

),

covered as (

    select
        model_id,
        cast(date_trunc('month', event_date) as date) as month_date,
        count(*) as covered_day_count

    from {{ ref('int_deployment_days__covered') }}
    group by all

),

unresolved as (

    select
        model_id,
        cast(date_trunc('month', requested_date) as date) as month_date,
        cast(sum(attempt_count) as bigint) as unresolved_attempt_count

    from {{ ref('int_deployment_outcomes__missing') }}
    group by all

),

models as (

    select model_id from {{ ref('dim_models') }}

    union

    select model_id from deployments

    union

    select model_id from reports

),

months as (select distinct month_date from cadence),

deployed as (

    select
        model_id,
        month_date,
        count(*) filter (where is_rollback) as rollback_count,
        count(is_change_failure) as change_evaluated_count,
        count(*) filter (where is_change_failure) as change_failure_count,
        count(*) filter (where lead_seconds >= 0) as lead_known_count,
        count(*) filter (where is_lead_negative) as lead_negative_count,
        sum(lead_seconds) filter (where lead_seconds >= 0) as lead_seconds,
        quantile_cont(case when lead_seconds >= 0 then lead_seconds end, 0.5) as median_lead_seconds,
        quantile_cont(case when lead_seconds >= 0 then lead_seconds end, 0.9) as p90_lead_seconds

    from deployments
    group by model_id, month_date

),

reported as (

    select
        model_id,
        month_date,
        count(*) filter (where report_role = 'redeploy') as redeploy_count,
        count(*) filter (where report_role = 'failed') as failed_attempt_count

    from reports
    group by model_id, month_date

),

counted as (

    select
        models.model_id,
        months.month_date,
        coalesce(covered.covered_day_count, 0) as covered_day_count,
        cast(cadence.deployment_count as bigint) as deployment_count,
        cadence.covered_months,
        {% for count in [
            'rollback_count', 'change_evaluated_count', 'change_failure_count', 'lead_known_count',
            'lead_negative_count',
        ] -%}
        case when cadence.deployment_count is not null then coalesce(deployed.{{ count }}, 0) end as {{ count }},
        {% endfor -%}
        case when covered.covered_day_count > 0 then coalesce(reported.redeploy_count, 0) end as redeploy_count,
        case when covered.covered_day_count > 0 then coalesce(reported.failed_attempt_count, 0) end
            as failed_attempt_count,
        case when covered.covered_day_count > 0 then coalesce(unresolved.unresolved_attempt_count, 0) end
            as unresolved_attempt_count,
        deployed.lead_seconds,
        deployed.median_lead_seconds,
        deployed.p90_lead_seconds

    from models
    cross join months
    left join cadence on models.model_id = cadence.model_id and months.month_date = cadence.month_date
    left join covered on models.model_id = covered.model_id and months.month_date = covered.month_date
    left join deployed on models.model_id = deployed.model_id and months.month_date = deployed.month_date
    left join reported on models.model_id = reported.model_id and months.month_date = reported.month_date
    left join unresolved on models.model_id = unresolved.model_id and months.month_date = unresolved.month_date

),

final as (

    select
        model_id,

        month_date,

        covered_day_count,
        deployment_count,
        rollback_count,
        redeploy_count,
        failed_attempt_count,
        unresolved_attempt_count,
        change_evaluated_count,
        change_failure_count,
        lead_known_count,
        lead_negative_count,

        lead_seconds,
        median_lead_seconds / 3600 as median_lead_hours,
        p90_lead_seconds / 3600 as p90_lead_hours,
        {{ ratio('deployment_count', 'covered_months') }} as deployments_per_month,
        {{ ratio('rollback_count', 'deployment_count') }} as rollback_rate,
        {{ ratio('change_failure_count', 'change_evaluated_count') }} as change_failure_rate

    from counted

)

select * from final
