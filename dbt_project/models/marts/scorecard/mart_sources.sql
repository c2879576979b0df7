with

sources as (select * from {{ source('ledger', 'sources') }}),

kpi_sources as (select * from {{ ref('kpi_sources') }}),

kpis as (select * from {{ ref('kpis') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

fed as (

    select
        kpi_sources.source,
        string_agg(kpis.kpi_name, ', ' order by kpis.kpi_number) as kpi_names

    from kpi_sources
    inner join kpis on kpi_sources.kpi_id = kpis.kpi_id
    group by all

),

final as (

    select
        sources.source,

        sources.newest_day as newest_date,

        sources.title as source_title,
        fed.kpi_names,

        coalesce(date_diff('hour', sources.newest_day, newest.as_of_date) > sources.fresh_hours, false) as is_behind,

        sources.fresh_hours,
        date_diff('hour', sources.newest_day, newest.as_of_date) as behind_hours

    from sources
    cross join newest
    left join fed on sources.source = fed.source
    where sources.newest_day is not null

)

select * from final
