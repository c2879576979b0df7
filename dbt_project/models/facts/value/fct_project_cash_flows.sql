with

plans as (select * from {{ ref('int_project_plans__converted') }}),

postings as (select * from {{ ref('int_project_postings__converted') }}),

lines as (

    select
        project_id,
        month_date,
        valid_from_date,
        valid_to_date,
        basis,
        side,
        category,
        is_unconverted,
        amount_usd,
        low_amount_usd,
        high_amount_usd
    from plans

    union all

    select
        project_id,
        month_date,
        null as valid_from_date,
        null as valid_to_date,
        'actual' as basis,
        side,
        category,
        is_unconverted,
        amount_usd,
        amount_usd as low_amount_usd,
        amount_usd as high_amount_usd
    from postings

),

final as (

    select
        project_id,

        month_date,
        valid_from_date,
        valid_to_date,

        basis,
        side,
        category,

        cast(coalesce(sum(amount_usd), 0) as decimal(38, 12)) as amount_usd,
        cast(coalesce(sum(low_amount_usd), 0) as decimal(38, 12)) as low_amount_usd,
        cast(coalesce(sum(high_amount_usd), 0) as decimal(38, 12)) as high_amount_usd,
        count(*) as line_count,
        count(*) filter (where is_unconverted) as unconverted_count

    from lines
    group by all

)

select * from final
