with

gaps as (

    select
        model_id,
        kpi_id,
        period,
        period_start_date,
        as_of_date

    from {{ ref('int_kpis__valued') }}
    where value is null

),

kpi_sources as (select * from {{ ref('kpi_sources') }}),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

files as (select * from {{ source('ledger', 'files') }}),

quarantine as (select * from {{ source('raw', 'quarantine') }}),

loaded as (

    select distinct
        source,
        content_id

    from files
    where status = 'loaded'

),

-- A row that could not be read is about a model if its text has one of the model's identifiers; a short one may be in any.
quarantined as (

    select
        identifiers.member_id as model_id,
        quarantine.source,
        quarantine.day,
        count(distinct quarantine.content_id || ':' || quarantine.row_number) as row_count,
        min(quarantine.reason) as reason

    from quarantine
    inner join identifiers
        on
            quarantine.source = identifiers.source
            and length(identifiers.identifier_value) > 2
            and contains(lower(quarantine.raw), lower(identifiers.identifier_value))
    inner join loaded
        on
            quarantine.source = loaded.source
            and quarantine.content_id = loaded.content_id
    where quarantine.day is not null
    group by all

),

set_aside as (

    select
        gaps.model_id,
        gaps.kpi_id,
        gaps.period,
        gaps.period_start_date,
        quarantined.source,
        format(
            '{}: {:,} rows that name it were quarantined, such as: {}',
            quarantined.source,
            cast(sum(quarantined.row_count) as bigint),
            min(quarantined.reason)
        ) as explanation

    from gaps
    inner join kpi_sources on gaps.kpi_id = kpi_sources.kpi_id
    inner join quarantined
        on
            gaps.model_id = quarantined.model_id
            and kpi_sources.source = quarantined.source
            and quarantined.day between gaps.period_start_date and gaps.as_of_date
    group by gaps.model_id, gaps.kpi_id, gaps.period, gaps.period_start_date, quarantined.source

),

rejected_files as (

    select
        source,
        count(*) as file_count

    from files
    where status in ('rejected', 'unreadable')
    group by source

),

mapped as (

    select distinct
        member_id as model_id,
        source

    from identifiers

),

-- Days of a source are known if any of its files was loaded for them: a rejected file says of no day.
rejected as (

    select
        gaps.model_id,
        gaps.kpi_id,
        gaps.period,
        gaps.period_start_date,
        rejected_files.source,
        format(
            '{}: no file was loaded for this period, {:,} rejected', rejected_files.source, rejected_files.file_count
        ) as explanation

    from gaps
    inner join kpi_sources on gaps.kpi_id = kpi_sources.kpi_id
    inner join rejected_files on kpi_sources.source = rejected_files.source
    inner join mapped
        on
            gaps.model_id = mapped.model_id
            and kpi_sources.source = mapped.source
    where not exists (
        select 1
        from coverage
        where
            coverage.source = rejected_files.source
            and coverage.day between gaps.period_start_date and gaps.as_of_date
    )

),

explained as (

    select * from set_aside
    union all
    select * from rejected

),

final as (

    select
        model_id,
        kpi_id,

        period,
        period_start_date,

        string_agg(explanation, '; ' order by source, explanation) as explanation

    from explained
    group by model_id, kpi_id, period, period_start_date

)

select * from final
