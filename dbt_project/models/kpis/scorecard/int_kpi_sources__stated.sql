with

valued as (select * from {{ ref('int_kpis__valued') }}),

kpi_sources as (select * from {{ ref('kpi_sources') }}),

sources as (select * from {{ source('ledger', 'sources') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

rejections as (select * from {{ source('ledger', 'rejections') }}),

spans as (

    select distinct
        kpi_id,
        period,
        period_start_date,
        as_of_date

    from valued

),

freshest as (

    select
        spans.kpi_id,
        spans.as_of_date,
        coalesce(sources.title, kpi_sources.source) as source_title,
        max(coverage.day) as newest_day

    from spans
    inner join kpi_sources on spans.kpi_id = kpi_sources.kpi_id
    left join sources on kpi_sources.source = sources.source
    left join coverage
        on
            kpi_sources.source = coverage.source
            and spans.as_of_date >= coverage.day
    group by all

),

freshness as (

    select
        kpi_id,
        as_of_date,
        string_agg(
            source_title || ' ' || coalesce(strftime(newest_day, '%-d %b %Y'), 'never'), ', '
            order by source_title
        ) as source_freshness

    from freshest
    group by all

),

-- Which days of a KPI's sources pre-load validation rejected, and why: nothing of them is in its numbers.
rejected as (

    select
        spans.kpi_id,
        spans.period,
        spans.period_start_date,
        string_agg(
            rejections.source || ' of ' || strftime(rejections.day, '%-d %B') || ' was rejected: '
            || rejections.message,
            '; '
            order by rejections.day, rejections.source
        ) as rejection_reason

    from spans
    inner join kpi_sources on spans.kpi_id = kpi_sources.kpi_id
    inner join rejections
        on
            kpi_sources.source = rejections.source
            and rejections.day between spans.period_start_date and spans.as_of_date
    group by all

),

final as (

    select
        spans.kpi_id,

        spans.period,
        spans.period_start_date,

        freshness.source_freshness,
        rejected.rejection_reason

    from spans
    left join freshness
        on
            spans.kpi_id = freshness.kpi_id
            and spans.as_of_date = freshness.as_of_date
    left join rejected
        on
            spans.kpi_id = rejected.kpi_id
            and spans.period = rejected.period
            and spans.period_start_date = rejected.period_start_date

)

select * from final
