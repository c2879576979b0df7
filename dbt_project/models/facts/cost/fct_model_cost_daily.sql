{{
    config(
        materialized='incremental',
        incremental_strategy='append',
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
        model_id,

        charge_date as event_date,

        record_source,
        provider_name,
        region,
        instance_type,
        category,
        case when pool_id is null then 'direct' else 'shared' end as cost_origin,

        sum(billed_cost_usd) as billed_cost_usd,
        sum(effective_cost_usd) as effective_cost_usd,
        sum(list_cost_usd) as list_cost_usd,
        sum(contracted_cost_usd) as contracted_cost_usd,
        count(*) as charge_count,
        count(*) filter (is_unconverted) as unconverted_charge_count

    from allocated
    group by all

)

select * from final
