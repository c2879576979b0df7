with

models as (

    select model_id from {{ ref('dim_models') }}
    union all
    select 'unmapped' as model_id

),

days as (select * from {{ ref('dim_days') }}),

coverage as (

    select
        source,
        day as event_date

    from {{ source('ledger', 'coverage') }}
    where list_contains({{ sources_of_requests() }}, source)

),

logged_days as (select distinct event_date from coverage),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where list_contains({{ sources_of_requests() }}, source)

),

-- A model is logged where it is named: another source's logs say nothing of it.
named as (

    select
        identifiers.member_id as model_id,
        days.event_date,
        bool_or(coverage.event_date is not null) as is_logged

    from days
    inner join identifiers
        on
            {{ as_of('identifiers', 'days.event_date') }}
    left join coverage
        on
            days.event_date = coverage.event_date
            and identifiers.source = coverage.source
    group by all

),

final as (

    select
        models.model_id,

        days.event_date,

        named.model_id is not null or models.model_id = 'unmapped' as is_named,
        coalesce(named.is_logged, logged_days.event_date is not null) as is_logged

    from models
    cross join days
    left join logged_days on days.event_date = logged_days.event_date
    left join named
        on
            models.model_id = named.model_id
            and days.event_date = named.event_date

)

select * from final
