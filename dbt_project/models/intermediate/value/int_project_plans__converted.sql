{{ config(materialized='table') }}

with

flows as (select * from {{ ref('stg_finance__planned_flows') }}),

budgets as (select * from {{ ref('stg_finance__budgets') }}),

codes as (select * from {{ source('catalog', 'project_codes') }}),

rates as (select * from {{ ref('int_fx_rates__daily') }}),

delivered as (

    {{ deliveries('finance') }}

),

lines as (

    select
        content_id,
        project_code,
        approved_date,
        month_date,
        'planned' as basis,
        plan_version,
        case when category in ('savings', 'revenue') then 'benefit' else 'cost' end as side,
        category,
        currency,
        amount,
        coalesce(low_amount, amount) as low_amount,
        coalesce(high_amount, amount) as high_amount
    from flows

    union all

    select
        content_id,
        project_code,
        approved_date,
        month_date,
        'budgeted' as basis,
        plan_version,
        'cost' as side,
        category,
        currency,
        amount,
        amount as low_amount,
        amount as high_amount
    from budgets

),

-- A version is whole in the file that brought it last, and of two versions approved on a day the later delivered holds.
versions as (

    select
        lines.basis,
        lines.project_code,
        lines.plan_version,
        lines.approved_date,
        lines.content_id,
        max(delivered.delivered_at) as delivered_at

    from lines
    left join delivered on lines.content_id = delivered.content_id
    group by
        lines.basis,
        lines.project_code,
        lines.plan_version,
        lines.approved_date,
        lines.content_id
    qualify
        row_number() over (
            partition by lines.basis, lines.project_code, lines.plan_version
            order by max(delivered.delivered_at) desc nulls last, lines.content_id desc, lines.approved_date desc
        ) = 1

),

dated as (

    select *
    from versions
    qualify
        row_number() over (
            partition by basis, project_code, approved_date
            order by delivered_at desc nulls last, {{ number_order('plan_version') }} desc
        ) = 1

),

intervals as (

    select
        basis,
        project_code,
        plan_version,
        content_id,
        approved_date as valid_from_date,
        lead(approved_date) over (partition by basis, project_code order by approved_date asc) as valid_to_date

    from dated

),

final as (

    select
        coalesce(codes.project_id, 'unmapped') as project_id,
        lines.project_code,

        lines.month_date,
        intervals.valid_from_date,
        intervals.valid_to_date,

        lines.basis,
        lines.plan_version,
        lines.side,
        lines.category,
        lines.currency,

        {% for amount in ['amount', 'low_amount', 'high_amount'] -%}
        cast(
            cast(case lines.side when 'cost' then -lines.{{ amount }} else lines.{{ amount }} end as decimal(22, 4))
            * case when lines.currency = 'USD' then cast(1 as decimal(16, 12)) else rates.usd_per_unit end
            as decimal(38, 12)
        ) as {{ amount }}_usd,
        {% endfor -%}
        lines.currency <> 'USD' and rates.usd_per_unit is null as is_unconverted

    from lines
    inner join intervals
        on
            lines.basis = intervals.basis
            and lines.project_code = intervals.project_code
            and lines.plan_version = intervals.plan_version
            and lines.content_id = intervals.content_id
            and lines.approved_date = intervals.valid_from_date
    left join codes on lines.project_code = codes.project_code
    left join rates
        on
            lines.currency = rates.currency
            and intervals.valid_from_date = rates.booking_date

)

select * from final
