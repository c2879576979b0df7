with

months as (select * from {{ ref('int_project_months__known') }}),

final as (

    select
        project_id,

        known_from_date,

        any_value(annual_discount) as annual_discount,
        list(cast(used_usd as double) order by month_index asc) as flows,
        sum(used_unconverted_count) as used_unconverted_count

    from months
    group by
        project_id,
        known_from_date

)

select * from final
