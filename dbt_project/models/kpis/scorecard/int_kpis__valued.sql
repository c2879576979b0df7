with

sums as (select * from {{ ref('int_kpis__summed') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

final as (

    select
        sums.*,
        least(
            {{ period_end('sums.period', 'sums.period_start_date') }},
            newest.as_of_date
        ) as as_of_date,
        {{ period_end('sums.period', 'sums.period_start_date') }} <= newest.as_of_date as is_whole,
        {{ ratio('sums.numerator', 'sums.denominator') }} as value  -- noqa: RF04

    from sums
    cross join newest

)

select * from final -- noqa: AM04
