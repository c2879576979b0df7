with

coverage as (

    select *
    from {{ source('ledger', 'coverage') }}
    where list_contains({{ sources_of_deployments() }}, source)

),

identifiers as (

    select *
    from {{ source('catalog', 'identifiers') }}
    where list_contains({{ identifiers_of_deployments() }}, identifier_kind)

),

deployments as (select * from {{ ref('fct_deployments') }}),

final as (

    select
        identifiers.member_id as model_id,
        coverage.day as event_date

    from coverage
    inner join identifiers
        on
            coverage.source = identifiers.source
            and {{ as_of('identifiers', 'coverage.day') }}

    union

    select
        'unmapped' as model_id,
        day as event_date

    from coverage

    union

    -- A change filed on one day may end on another, for which no file came.
    select
        model_id,
        deployed_date as event_date

    from deployments

)

select * from final
