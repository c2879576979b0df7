with

days as (select * from {{ ref('dim_days') }}),

final as (select max(event_date) as as_of_date from days)

select * from final
