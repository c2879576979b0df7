with

models as (

    select model_id from {{ ref('dim_models') }}
    union all
    select 'unmapped' as model_id

),

days as (select * from {{ ref('dim_days') }}),

coverage as (

    select day as event_date
    from {{ source('ledger', 'coverage') }}
    where source = 'serving_logs'

),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where source = 'serving_logs'

),

named as (

    select distinct
        identifiers.member_id as model_id,
        days.event_date

    from days
    inner join identifiers
        on
            {{ as_of('identifiers', 'days.event_date') }}

),

final as (

    select
        models.model_id,

        days.event_date,

        case
            when coverage.event_date is null then 'serving logs of the day are not loaded'
            when named.model_id is null and models.model_id <> 'unmapped'
                then 'the catalog has no identifier of the model in the serving logs for the day'
        end as gap_reason,

        coverage.event_date is not null and (named.model_id is not null or models.model_id = 'unmapped') as is_covered

    from models
    cross join days
    left join coverage on days.event_date = coverage.event_date
    left join named
        on
            models.model_id = named.model_id
            and days.event_date = named.event_date

)

select * from final
