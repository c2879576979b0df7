with

incidents as (select * from {{ ref('fct_incidents') }}),

models as (select model_id from {{ ref('dim_models') }}),

survival_medians as (select * from {{ ref('int_survival_medians__estimated') }}),

targets as (select * from {{ ref('int_mttr_targets__adjusted') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

-- Each incident under its own severity and under 'all', in the month it began and in the month it ended.
by_severity as (

    select
        * exclude (severity),
        unnest(['all', severity]) as severity,
        cast(date_trunc('month', detected_at) as date) as created_month_date,
        cast(date_trunc('month', resolved_at) as date) as resolved_month_date

    from incidents

),

months as (

    select distinct cast(date_trunc('month', day) as date) as month_date
    from coverage

),

covered as (

    select
        cast(date_trunc('month', day) as date) as month_date,
        24.0 * count(distinct day) as covered_hours

    from coverage
    where list_contains({{ sources_of_incidents() }}, source)
    group by all

),

covered_months as (

    select month_date from covered

    union

    select created_month_date as month_date
    from by_severity

    union

    select resolved_month_date as month_date
    from by_severity
    where resolved_month_date is not null

),

-- Every model has its 'all' row in every month; a severity has one where something happened.
cells as (

    select
        models.model_id,
        months.month_date,
        'all' as severity

    from models
    cross join months

    union

    select
        model_id,
        created_month_date as month_date,
        severity

    from by_severity

    union

    select
        model_id,
        resolved_month_date as month_date,
        severity

    from by_severity
    where resolved_month_date is not null

),

created as (

    select
        model_id,
        created_month_date as month_date,
        severity,
        count(*) as incident_count,
        count(*) filter (where is_open) as open_count,
        count(*) filter (where is_reopened) as reopened_count

    from by_severity
    group by all

),

resolved as (

    select
        model_id,
        resolved_month_date as month_date,
        severity,
        count(*) as resolved_count,
        count(*) filter (where is_auto_resolved) as auto_resolved_count,
        count(detect_seconds) as detect_known_count,
        count(acknowledge_seconds) as acknowledge_known_count,
        sum(resolve_seconds) as resolve_seconds,
        sum(closed_between_seconds) as closed_between_seconds,
        sum(detect_seconds) as detect_seconds,
        sum(acknowledge_seconds) as acknowledge_seconds,
        quantile_cont(cast(resolve_seconds as double), 0.5) as median_resolve_seconds,
        quantile_cont(cast(resolve_seconds as double), 0.9) as p90_resolve_seconds

    from by_severity
    where resolved_month_date is not null
    group by all

),

final as (

    select
        cells.model_id,

        cells.month_date,

        cells.severity,
        targets.status,

        {% for count in [
            'created.incident_count', 'created.open_count', 'created.reopened_count', 'resolved.resolved_count',
            'resolved.auto_resolved_count', 'resolved.detect_known_count', 'resolved.acknowledge_known_count',
        ] -%}
        case when covered_months.month_date is not null then coalesce({{ count }}, 0) end as {{ count.split('.')[1] }},
        {% endfor %}
        cast(covered.covered_hours as double) as covered_hours,
        cast(resolved.resolve_seconds as double) as resolve_seconds,
        cast(resolved.closed_between_seconds as double) as closed_between_seconds,
        cast(resolved.detect_seconds as double) as detect_seconds,
        cast(resolved.acknowledge_seconds as double) as acknowledge_seconds,
        resolved.resolve_seconds / 3600 / resolved.resolved_count as mean_resolve_hours,
        resolved.median_resolve_seconds / 3600 as median_resolve_hours,
        resolved.p90_resolve_seconds / 3600 as p90_resolve_hours,
        survival_medians.survival_median_seconds / 3600 as survival_median_resolve_hours,
        covered.covered_hours / created.incident_count as mean_between_hours,
        resolved.detect_seconds / 60 / resolved.detect_known_count as mean_detect_minutes,
        resolved.acknowledge_seconds / 60 / resolved.acknowledge_known_count as mean_acknowledge_minutes,
        targets.target as target_hours,
        targets.at_risk as at_risk_hours

    from cells
    left join covered_months on cells.month_date = covered_months.month_date
    left join covered on cells.month_date = covered.month_date
    left join created
        on
            cells.model_id = created.model_id
            and cells.month_date = created.month_date
            and cells.severity = created.severity
    left join resolved
        on
            cells.model_id = resolved.model_id
            and cells.month_date = resolved.month_date
            and cells.severity = resolved.severity
    left join survival_medians
        on
            cells.model_id = survival_medians.model_id
            and cells.month_date = survival_medians.month_date
            and cells.severity = survival_medians.severity
    left join targets
        on
            cells.model_id = targets.model_id
            and cells.month_date = targets.period_start_date
            and targets.period = 'month'
            and cells.severity = targets.severity

)

select * from final
