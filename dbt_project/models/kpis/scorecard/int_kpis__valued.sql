with

sums as (select * from {{ ref('int_kpis__summed') }}),

span as (select max(event_date) as last_date from {{ ref('dim_days') }}),

final as (

    select
        sums.*,
        least(
            {{ period_end('sums.period', 'sums.period_start_date') }},
            span.last_date
        ) as as_of_date,
        {{ ratio('sums.numerator', 'sums.denominator') }} as value  -- noqa: RF04

    from sums
    cross join span

)

select * from final -- noqa: AM04
