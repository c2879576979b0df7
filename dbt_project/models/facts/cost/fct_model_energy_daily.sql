{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}"
    )
}}

with

charges as (

    select
        *,
        -- Hours beyond any machine park are no hours.
        case when instance_type is not null then try_cast(consumed_hours as decimal(20, 9)) end as metered_hours

    from {{ ref('fct_allocated_charges') }}
    where
        {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}
        and charge_category = 'Usage'
        and {{ is_compute() }}

),

instances as (select * from {{ source('catalog', 'instance_energy') }}),

grids as (select * from {{ source('catalog', 'grid_emissions') }}),

-- The factor that says most of the meter holds.
factored as (

    select
        charges.*,
        cast(instances.kwh_per_hour as decimal(18, 9)) as kwh_per_hour

    from charges
    left join instances
        on
            lower(charges.instance_type) = instances.instance_type
            and contains(lower(coalesce(charges.sku_meter, '')), instances.meter)
            and {{ as_of('instances', 'charges.charge_date') }}
    qualify
        row_number() over (
            partition by charges.charge_id, charges.model_id order by length(instances.meter) desc nulls last
        ) = 1

),

measured as (

    select
        model_id,
        charge_date,
        region,
        instance_type,
        sum(metered_hours) as metered_hours,
        coalesce(sum(metered_hours) filter (where kwh_per_hour is null), 0) as unknown_hours,
        sum(metered_hours * kwh_per_hour) as energy_kwh,
        coalesce(sum(effective_cost_usd) filter (where metered_hours is null), 0) as unmetered_cost_usd

    from factored
    group by all

),

final as (

    select
        measured.model_id,

        measured.charge_date as event_date,

        measured.region,
        measured.instance_type,

        measured.metered_hours,
        measured.unknown_hours,
        cast(measured.energy_kwh as decimal(38, 12)) as energy_kwh,
        cast(
            try_cast(measured.energy_kwh as decimal(20, 9)) * cast(grids.gco2e_per_kwh as decimal(18, 9))
            as decimal(38, 12)
        ) as emissions_gco2e,
        measured.unmetered_cost_usd

    from measured
    left join grids
        on
            lower(measured.region) = grids.region
            and {{ as_of('grids', 'measured.charge_date') }}

)

select * from final
