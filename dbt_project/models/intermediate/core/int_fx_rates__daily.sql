{#
  A rate holds on the day it was published and on the seven days after (`rate_holds_days`), unless a newer one replaces
  it: weekends and holidays have none. So a changed day of rates changes the amounts of the seven days after it, and
  every model over dollars of the bill rebuilds them: `forward=var('rate_holds_days')` in all models downstream that are
  incremental. `pipelines/warehouse/advice.py` reads the same variable.
#}
{{ config(materialized='table') }}

with

rates as (select * from {{ ref('stg_fx_rates__rates') }}),

charges as (

    select * from {{ staged(sources_of_bills(), 'charges') }}

),

actual_costs as (select * from {{ ref('stg_finance__actual_costs') }}),

actual_benefits as (select * from {{ ref('stg_finance__actual_benefits') }}),

planned_flows as (select * from {{ ref('stg_finance__planned_flows') }}),

budgets as (select * from {{ ref('stg_finance__budgets') }}),

currencies as (

    select billing_currency as currency from charges

    union

    select currency from actual_costs

    union

    select currency from actual_benefits

    union

    select currency from planned_flows

    union

    select currency from budgets

),

published as (

    select
        rate_date,
        currency,
        max(per_eur) as per_eur

    from rates
    group by all

),

dollars as (

    select
        rate_date,
        per_eur

    from published
    where currency = 'USD'

),

-- The euro is not in its own table.
per_euro as (

    select
        rate_date,
        currency,
        per_eur

    from published
    where currency in (select currency from currencies)

    union all

    select
        rate_date,
        'EUR' as currency,
        1 as per_eur

    from dollars

),

crossed as (

    select
        per_euro.rate_date,
        per_euro.currency,
        cast(cast(dollars.per_eur as double) / cast(per_euro.per_eur as double) as decimal(16, 12)) as usd_per_unit

    from per_euro
    inner join dollars on per_euro.rate_date = dollars.rate_date

),

carried as (

    select
        currency,
        rate_date,
        usd_per_unit,
        cast(unnest(generate_series(
            rate_date, rate_date + interval {{ var('rate_holds_days') }} day, interval 1 day
        )) as date) as booking_date

    from crossed

),

final as (

    select
        currency,
        booking_date,
        max(rate_date) as rate_date,
        max_by(usd_per_unit, rate_date) as usd_per_unit

    from carried
    group by all

)

select * from final
