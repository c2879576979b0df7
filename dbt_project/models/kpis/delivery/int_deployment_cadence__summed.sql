with

deployments as (select * from {{ ref('fct_deployments') }}),

covered as (select * from {{ ref('int_deployment_days__covered') }}),

unresolved as (

    select
        model_id,
        requested_date,
        sum(attempt_count) as attempt_count,
        string_agg(source || ' without ' || missing_records, ', ' order by source, missing_records)
            as missing_records

    from {{ ref('int_deployment_outcomes__missing') }}
    group by model_id, requested_date

),

-- What the catalog does not know counts as much: its days are covered too.
models as (

    select model_id from {{ ref('dim_models') }}

    union

    select model_id from covered

),

days as (

    select event_date from {{ ref('dim_days') }}

    union

    select deployed_date as event_date from deployments

),

deployed as (

    select
        model_id,
        deployed_date,
        count(*) as deployment_count,
        max(deployed_at) as data_until_at

    from deployments
    group by model_id, deployed_date

),

known_models as (

    select member_id as model_id
    from {{ source('catalog', 'identifiers') }}
    where list_contains({{ identifiers_of_deployments() }}, identifier_kind)

    union

    select model_id from covered

),

daily as (

    select
        models.model_id,
        days.event_date,
        date_trunc('month', days.event_date) as month_date,
        covered.event_date is not null as is_covered,
        known_models.model_id is not null as is_known,
        case when covered.event_date is not null then coalesce(deployed.deployment_count, 0) end as deployment_count,
        unresolved.attempt_count as unresolved_count,
        unresolved.missing_records,
        deployed.data_until_at

    from models
    cross join days
    left join covered on models.model_id = covered.model_id and days.event_date = covered.event_date
    left join known_models on models.model_id = known_models.model_id
    left join deployed on models.model_id = deployed.model_id and days.event_date = deployed.deployed_date
    left join unresolved on models.model_id = unresolved.model_id and days.event_date = unresolved.requested_date

),

-- Covered days become months once for each month, so that a whole month is exactly one.
by_month as (

    select
        model_id,
        period,
        period_start_date,
        month_date,
        sum(deployment_count) as deployment_count,
        sum(unresolved_count) as unresolved_count,
        max(missing_records) as missing_records,
        nullif({{ ratio('count(*) filter (where is_covered)', 'day(last_day(month_date))') }}, 0) as covered_months,
        max(data_until_at) as data_until_at,
        bool_or(is_known) as is_known

    from {{ by_period('daily') }} as periodic
    group by model_id, period, period_start_date, month_date

),

summed as (

    select
        model_id,
        period,
        period_start_date,
        sum(deployment_count) as deployment_count,
        sum(covered_months) as covered_months,
        sum(unresolved_count) as unresolved_count,
        max(missing_records) as missing_records,
        max(data_until_at) as data_until_at,
        bool_or(is_known) as is_known,
        -- Where attempts are all there is, nobody knows whether any succeeded: that is not 0.
        coalesce(sum(deployment_count) = 0 and sum(unresolved_count) > 0, false) as is_outcome_missing

    from by_month
    group by model_id, period, period_start_date

),

final as (

    select
        model_id,
        'deployment_cadence' as kpi_id,

        period,
        period_start_date,

        case when not is_outcome_missing then cast(deployment_count as double) end as numerator,
        case when not is_outcome_missing then covered_months end as denominator,
        case when not is_outcome_missing then cast(deployment_count as bigint) end as sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,

        data_until_at,

        case
            when not is_known then 'the catalog names no system that deploys this model'
            when covered_months is null then 'no system that deploys this model was loaded for this period'
            when is_outcome_missing
                then
                    'whether its attempts to deploy succeeded is not known: '
                    || format('{:,}', cast(unresolved_count as bigint)) || ' reported by ' || missing_records
        end as gap_reason

    from summed

)

select * from final
