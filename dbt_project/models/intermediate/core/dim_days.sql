{{ config(materialized='table') }}

with

-- A day that was rejected is a day all the same.
delivered as (

    select
        source,
        day
    from {{ source('ledger', 'coverage') }}

    union all

    select
        source,
        day
    from {{ source('ledger', 'rejections') }}

),

-- Reference data reaches further than anything it is looked up for: exchange rates begin in 1999.
kpi_sources as (select * from {{ ref('kpi_sources') }}),

span as (

    select
        min(day) as first_day,
        max(day) as last_day

    from delivered
    where source in (select source from kpi_sources)

),

final as (

    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as event_date

    from span
    where first_day is not null

)

select * from final
