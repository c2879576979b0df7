{% set bases = ['billed', 'effective', 'list', 'contracted'] %}

with

charges as (select * from {{ ref('int_charges__current') }}),

rates as (select * from {{ ref('int_fx_rates__daily') }}),

rated as (

    select
        charges.*,
        case
            when charges.billing_currency = 'USD' then cast(1 as decimal(16, 12))
            else rates.usd_per_unit
        end as usd_per_unit

    from charges
    left join rates
        on
            charges.billing_currency = rates.currency
            and charges.charge_date = rates.booking_date

),

final as (

    select
        *,
        {% for basis in bases -%}
        cast(cast({{ basis }}_cost as decimal(22, 12)) * usd_per_unit as decimal(38, 12)) as {{ basis }}_cost_usd,
        {% endfor -%}
        usd_per_unit is null as is_unconverted

    from rated

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04
