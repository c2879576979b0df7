{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}"
    )
}}

with

allocated as (

    select *

    from {{ ref('fct_allocated_charges') }}
    where {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}

),

final as (

    select
        charge_id,
        model_id,
        pool_id,
        billing_account_id,
        sub_account_id,
        resource_id,

        charge_date as event_date,
        billing_period_start_date,

        provider_name,
        region,
        service_name,
        sku_meter,
        instance_type,
        charge_category,
        charge_class,
        category,
        allocation_method,
        unallocated_reason,
        billing_currency,

        is_fallback,
        has_conflict,
        is_unconverted,

        cast(billed_cost as decimal(38, 12)) as billed_cost,
        cast(effective_cost as decimal(38, 12)) as effective_cost,
        cast(list_cost as decimal(38, 12)) as list_cost,
        cast(contracted_cost as decimal(38, 12)) as contracted_cost,
        cast(billed_cost_usd as decimal(38, 12)) as billed_cost_usd,
        cast(effective_cost_usd as decimal(38, 12)) as effective_cost_usd,
        cast(list_cost_usd as decimal(38, 12)) as list_cost_usd,
        cast(contracted_cost_usd as decimal(38, 12)) as contracted_cost_usd

    from allocated

)

select * from final
