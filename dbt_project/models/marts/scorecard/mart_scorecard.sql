{% set measured = ['throughput', 'cost_per_prediction', 'mttr', 'accuracy', 'feature_adoption'] %}

with

sums as (

    {% for kpi_id in measured %}
    select
        model_id,
        kpi_id,
        period,
        period_start_date,
        numerator,
        denominator,
        sample_size,
        ci_low,
        ci_high,
        data_until_at,
        gap_reason
    from {{ ref('int_' ~ kpi_id ~ '__summed') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

models as (select * from {{ ref('dim_models') }}),

kpis as (select * from {{ ref('kpis') }}),

objectives as (select * from {{ source('catalog', 'objectives') }}),

targets as (select * from {{ source('catalog', 'targets') }}),

teams as (select * from {{ source('catalog', 'team_history') }}),

kpi_sources as (select * from {{ ref('kpi_sources') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

days as (select * from {{ ref('dim_days') }}),

last_day as (select max(event_date) as event_date from days),

dated as (

    select
        sums.*,
        least(
            cast(
                sums.period_start_date + case sums.period
                    when 'day' then interval 1 day
                    when 'week' then interval 7 day
                    when 'month' then interval 1 month
                    when 'quarter' then interval 3 month
                end - interval 1 day as date
            ),
            last_day.event_date
        ) as as_of_date

    from sums
    cross join last_day

),

periods as (

    select distinct
        kpi_id,
        as_of_date

    from dated

),

freshest as (

    select
        periods.kpi_id,
        periods.as_of_date,
        kpi_sources.source,
        max(coverage.day) as newest_day

    from periods
    inner join kpi_sources on periods.kpi_id = kpi_sources.kpi_id
    left join coverage
        on
            kpi_sources.source = coverage.source
            and periods.as_of_date >= coverage.day
    group by all

),

freshness as (

    select
        kpi_id,
        as_of_date,
        string_agg(
            source || ' ' || coalesce(cast(newest_day as varchar), 'never'), ', '
            order by source
        ) as source_freshness

    from freshest
    group by all

),

valued as (

    select
        dated.*,
        {{ ratio('dated.numerator', 'dated.denominator') }} as value  -- noqa: RF04

    from dated

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
        targets.target,
        targets.at_risk,
        freshness.source_freshness,
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
            and valued.as_of_date >= targets.valid_from
            and (targets.valid_to is null or valued.as_of_date < targets.valid_to)
    left join teams
        on
            valued.model_id = teams.member_id
            and valued.as_of_date >= teams.valid_from
            and (teams.valid_to is null or valued.as_of_date < teams.valid_to)
    left join freshness
        on
            valued.kpi_id = freshness.kpi_id
            and valued.as_of_date = freshness.as_of_date

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
            when value is null
                then coalesce(
                    gap_reason,
                    case when denominator = 0 then 'nothing to divide by' else 'not measured' end
                )
        end as gap_reason,
        source_freshness,

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
        data_until_at,
        definition_version

    from targeted

)

select * from final
