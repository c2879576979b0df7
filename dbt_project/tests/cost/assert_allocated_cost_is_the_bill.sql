-- A dollar lost or doubled between the bill and the models is a number somebody decides by. To the last digit, per
-- day, provider, currency and cost basis.
{% set bases = ['billed_cost', 'effective_cost', 'list_cost', 'contracted_cost'] %}

with

bill as (

    select
        charge_date,
        {% for basis in bases -%}
        sum({{ basis }}) as {{ basis }},
        sum({{ basis }}_usd) as {{ basis }}_usd,
        {% endfor -%}
        provider_name,
        billing_currency

    from {{ ref('int_charges__converted') }}
    where {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}
    group by all

),

allocated as (

    select
        event_date as charge_date,
        {% for basis in bases -%}
        sum({{ basis }}) as {{ basis }},
        sum({{ basis }}_usd) as {{ basis }}_usd,
        {% endfor -%}
        provider_name,
        billing_currency

    from {{ ref('mart_cost_allocation_daily') }}
    where {{ in_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}
    group by all

)

(
    from bill
    except
    from allocated
)
union all
(
    from allocated
    except
    from bill
)
