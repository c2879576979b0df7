{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}"
    )
}}
{% set amounts = [
    'billed_cost', 'billed_cost_usd', 'effective_cost', 'effective_cost_usd',
    'list_cost', 'list_cost_usd', 'contracted_cost', 'contracted_cost_usd', 'consumed_hours',
] %}

with

charges as (

    select *

    from {{ ref('int_charges__attributed') }}
    where {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}

),

shares as (select * from {{ ref('fct_pool_shares_daily') }}),

owned as (

    select
        charges.*,
        case when charges.owner_kind = 'pool' then charges.owner_id end as pool_id,
        case
            when charges.owner_kind <> 'pool' then charges.owner_id
            else coalesce(shares.model_id, 'unallocated')
        end as model_id,
        case
            when charges.owner_kind <> 'pool' then charges.attribution_method
            when shares.model_id is null then 'unallocated'
            else 'shared_' || shares.driver
        end as allocation_method,
        coalesce(shares.is_fallback, false) as is_fallback,
        coalesce(shares.weight, 1) as weight,
        coalesce(shares.total_weight, 1) as total_weight

    from charges
    left join shares
        on
            charges.owner_kind = 'pool'
            and charges.owner_id = shares.pool_id
            and charges.charge_date = shares.event_date

),

divided as (

    select
        {% for amount in amounts -%}
        {{ split_quotient(amount, 'weight', 'total_weight') }} as {{ amount }}_quotient,
        {{ split_remainder(amount, 'weight', 'total_weight') }} as {{ amount }}_remainder,
        {% endfor -%}
        owned.*

    from owned

),

final as (

    select
        charge_id,
        model_id,
        pool_id,
        billing_account_id,
        sub_account_id,
        resource_id,
        commitment_discount_id,
        record_source,

        charge_date,
        billing_period_start_date,

        provider_name,
        billing_currency,
        charge_category,
        charge_class,
        category,
        service_category,
        service_name,
        sku_meter,
        region,
        instance_type,
        allocation_method,
        case
            when owner_kind = 'pool' and model_id = 'unallocated' then 'pool without members'
            else unallocated_reason
        end as unallocated_reason,

        {% for amount in amounts -%}
        {{ split_share(amount, amount ~ '_quotient', amount ~ '_remainder', 'charge_id', 'model_id') }} as {{ amount }},
        {% endfor -%}

        is_fallback,
        has_conflict,
        is_unconverted

    from divided

)

select * from final
