with

coverage as (select * from {{ source('ledger', 'coverage') }}),

span as (

    select
        min(day) as first_day,
        max(day) as last_day

    from coverage

),

final as (

    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as event_date

    from span
    where first_day is not null

)

select * from final
