with

coverage as (

    select *
    from {{ source('ledger', 'coverage') }}
    where list_contains({{ sources_of_incidents() }}, source)

),

events as (

    select *
    from {{ ref('int_incident_events__united') }}
    where is_about_state

),

days as (

    select
        source as record_source,
        day as known_date

    from coverage

    union all

    -- A snapshot covers days that no file of their own was loaded for.
    select
        record_source,
        cast(event_at as date) as known_date

    from events

),

final as (

    select
        record_source,

        cast(max(known_date) + 1 as timestamp) as known_until_at

    from days
    group by record_source

)

select * from final
