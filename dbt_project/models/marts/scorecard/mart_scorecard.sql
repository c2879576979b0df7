with

valued as (select * from {{ ref('int_kpis__valued') }}),

sources as (select * from {{ ref('int_kpi_sources__stated') }}),

gaps as (select * from {{ ref('int_kpi_gaps__explained') }}),

models as (select * from {{ ref('dim_models') }}),

kpis as (select * from {{ ref('kpis') }}),

objectives as (select * from {{ source('catalog', 'objectives') }}),

targets as (select * from {{ source('catalog', 'targets') }}),

-- Where targets are declared by severity, the one of this period's incidents is in place of the plain one.
adjusted as (

    select * from {{ ref('int_mttr_targets__adjusted') }}
    where severity = 'all'

),

declared as (select * from {{ source('catalog', 'baselines') }}),

teams as (select * from {{ source('catalog', 'team_history') }}),

span as (select min(event_date) as first_date from {{ ref('dim_days') }}),

-- Without a declared baseline, the first whole month with a value is the baseline.
first_months as (

    select
        valued.model_id,
        valued.kpi_id,
        valued.period_start_date,
        valued.as_of_date,
        valued.value as baseline

    from valued
    inner join span on valued.period_start_date >= span.first_date
    where
        valued.period = 'month'
        and valued.is_whole
        and valued.value is not null
    qualify
        row_number() over (partition by valued.model_id, valued.kpi_id order by valued.period_start_date) = 1

),

targeted as (

    select
        valued.*,
        models.model_name,
        models.model_kind,
        models.business_unit,
        teams.team_id,
        kpis.kpi_name,
        kpis.kpi_group,
        kpis.unit,
        kpis.is_higher_better,
        kpis.definition_version,
        objectives.objective,
        adjusted.target_basis,
        coalesce(adjusted.target, targets.target) as target,
        case when adjusted.target is null then targets.at_risk else adjusted.at_risk end as at_risk,
        sources.source_freshness,
        sources.rejection_reason,
        gaps.explanation as gap_explanation,
        coalesce(declared.baseline, first_months.baseline) as baseline,
        case
            when declared.baseline is not null then 'declared'
            when first_months.baseline is not null then 'first_month'
        end as baseline_source,
        lag(valued.value) over (
            partition by valued.model_id, valued.kpi_id, valued.period
            order by valued.period_start_date
        ) as previous_value

    from valued
    inner join models on valued.model_id = models.model_id
    inner join kpis on valued.kpi_id = kpis.kpi_id
    left join objectives
        on
            valued.model_id = objectives.member_id
            and valued.kpi_id = objectives.kpi_id
    left join targets
        on
            valued.model_id = targets.member_id
            and valued.kpi_id = targets.kpi_id
            and {{ as_of('targets', 'valued.as_of_date') }}
    left join adjusted
        on
            valued.model_id = adjusted.model_id
            and valued.kpi_id = 'mttr'
            and valued.period = adjusted.period
            and valued.period_start_date = adjusted.period_start_date
    left join declared
        on
            valued.model_id = declared.member_id
            and valued.kpi_id = declared.kpi_id
            and {{ as_of('declared', 'valued.as_of_date') }}
    left join first_months
        on
            valued.model_id = first_months.model_id
            and valued.kpi_id = first_months.kpi_id
            and valued.period_start_date > first_months.as_of_date
    left join teams
        on
            valued.model_id = teams.member_id
            and {{ as_of('teams', 'valued.as_of_date') }}
    left join sources
        on
            valued.kpi_id = sources.kpi_id
            and valued.period = sources.period
            and valued.period_start_date = sources.period_start_date
    left join gaps
        on
            valued.model_id = gaps.model_id
            and valued.kpi_id = gaps.kpi_id
            and valued.period = gaps.period
            and valued.period_start_date = gaps.period_start_date

),

final as (

    select
        model_id,
        kpi_id,
        team_id,

        period_start_date,
        as_of_date as as_of,

        period,
        model_name,
        model_kind,
        business_unit,
        kpi_name,
        kpi_group,
        unit,
        objective,
        case
            when value is null then 'no_data'
            when target is null then 'no_target'
            when case when is_higher_better then value >= target else value <= target end then 'on_target'
            when case when is_higher_better then value >= at_risk else value <= at_risk end then 'at_risk'
            else 'off_target'
        end as status,
        case
            when value is null or previous_value is null then null
            when abs(value - previous_value) <= {{ var('steady_change') }} * abs(previous_value) then 'steady'
            when previous_value between ci_low and ci_high then 'steady'
            when (value > previous_value) = is_higher_better then 'improving'
            else 'worsening'
        end as trend,
        case
            when value is null
                then concat_ws(
                    '; ',
                    coalesce(gap_reason, case when denominator = 0 then 'nothing to divide by' else 'not measured' end),
                    gap_explanation,
                    rejection_reason
                )
        end as gap_reason,
        target_basis,
        baseline_source,
        source_freshness,
        rejection_reason,

        is_whole,
        is_higher_better,

        value,
        previous_value,
        numerator,
        denominator,
        sample_size,
        ci_low,
        ci_high,
        target,
        at_risk,
        baseline,
        data_until_at,
        definition_version

    from targeted

)

select * from final
