with

days as (select * from {{ source('ledger', 'file_version_days') }}),

files as (select * from {{ source('ledger', 'files') }}),

-- A file has costs or benefits, and closes only its own side: a plan delivered in March closes no February.
sides as (

    select distinct
        content_id,
        case format when 'Cost line items' then 'cost' when 'Booked benefits' then 'benefit' end as side

    from files
    where
        source = 'finance'
        and status = 'loaded'

),

final as (

    select
        sides.side,

        cast(date_trunc('month', max(days.day)) as date) as open_month_date

    from days
    inner join sides on days.content_id = sides.content_id
    where
        days.source = 'finance'
        and sides.side is not null
    group by sides.side

)

select * from final
