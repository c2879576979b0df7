with

days as (select * from {{ ref('dim_days') }}),

whole as (

    select
        min(event_date) as first_date,
        max(event_date) as last_date,
        count(*) as day_count
    from days
    group by date_trunc('month', event_date)
    having count(*) = day(last_day(max(event_date)))

),

newest as (

    select * from whole
    order by first_date desc
    limit {{ var('portfolio_months') }}

),

final as (

    select
        min(first_date) as first_date,
        max(last_date) as last_date,
        cast(nullif(count(*), 0) as bigint) as month_count,
        cast(sum(day_count) as bigint) as day_count
    from newest

)

select * from final
