with

incidents as (

    select *
    from {{ ref('fct_incidents') }}
    where not is_open

),

severity_targets as (select * from {{ source('catalog', 'severity_targets') }}),

targets as (

    select *
    from {{ source('catalog', 'targets') }}
    where kpi_id = 'mttr'

),

newest as (select * from {{ ref('dim_newest_day') }}),

resolved as (

    select
        model_id,
        period,
        period_start_date,
        severity,
        count(*) as resolved_count,
        cast(sum(resolve_seconds) as double) / 3600 as resolve_hours

    from {{ by_period('incidents', 'resolved_date') }} as dated
    group by all

),

dated as (

    select
        resolved.*,
        least({{ period_end('resolved.period', 'resolved.period_start_date') }}, newest.as_of_date) as as_of_date

    from resolved
    cross join newest

),

-- Only periods that end with targets by severity; a severity that is not listed has the plain target.
targeted as (

    select
        dated.model_id,
        dated.period,
        dated.period_start_date,
        dated.severity,
        dated.resolved_count,
        dated.resolve_hours,
        coalesce(severity_targets.target, targets.target) as target,
        case when severity_targets.target is null then targets.at_risk else severity_targets.at_risk end as at_risk

    from dated
    inner join targets
        on
            dated.model_id = targets.member_id
            and {{ as_of('targets', 'dated.as_of_date') }}
    left join severity_targets
        on
            dated.model_id = severity_targets.member_id
            and dated.severity = severity_targets.severity
            and {{ as_of('severity_targets', 'dated.as_of_date') }}
    where
        exists (
            select 1
            from severity_targets as declared
            where
                dated.model_id = declared.member_id
                and {{ as_of('declared', 'dated.as_of_date') }}
        )

),

adjusted as (

    select
        model_id,
        period,
        period_start_date,
        severity,
        resolved_count,
        resolve_hours,
        target,
        at_risk,
        cast(null as varchar) as target_basis

    from targeted

    union all

    select
        model_id,
        period,
        period_start_date,
        'all' as severity,
        sum(resolved_count) as resolved_count,
        sum(resolve_hours) as resolve_hours,
        sum(resolved_count * target) / sum(resolved_count) as target,
        case
            when count(at_risk) > 0 then sum(resolved_count * coalesce(at_risk, target)) / sum(resolved_count)
        end as at_risk,
        string_agg(
            severity || ' ' || {{ number_text('resolve_hours / resolved_count') }} || ' h of '
            || {{ number_text('target') }} || ' h (' || resolved_count
            || case when resolved_count = 1 then ' incident)' else ' incidents)' end,
            ', ' order by severity
        ) as target_basis

    from targeted
    group by model_id, period, period_start_date

),

final as (

    select
        model_id,
        period,
        period_start_date,
        severity,
        target,
        at_risk,
        target_basis,
        case
            when resolve_hours / resolved_count <= target then 'on_target'
            when resolve_hours / resolved_count <= at_risk then 'at_risk'
            else 'off_target'
        end as status

    from adjusted

)

select * from final
