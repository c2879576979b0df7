{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_days_to_rebuild('charge_date') }}"
    )
}}
{% set cell = ['charge_date', 'bill_id', 'billing_period_start_date', 'sub_account_id'] %}

with

charges as (select * from {{ ref('int_charges__delivered') }}),

sums as (select * from {{ ref('int_bills__summed') }}),

cells as (

    select
        {{ cell | join(', ') }},
        hash({{ cell | join(', ') }}) as cell_id,
        -- A report, or an older version of FOCUS, may be without one of these: then all are compared without.
        min(cast(has_resources as integer)) = 1 as has_resources,
        min(cast(has_meters as integer)) = 1 as has_meters

    from (
        select
            {{ cell | join(', ') }},
            stream_id,
            bool_or(resource_id is not null) as has_resources,
            bool_or(sku_meter is not null) as has_meters

        from charges
        group by all
    )
    group by {{ cell | join(', ') }}
    having count(*) > 1

),

placed as (

    select
        charges.*,
        cells.cell_id,
        hash(
            case when cells.has_resources then lower(charges.resource_id) end,
            case when cells.has_meters then charges.sku_meter end,
            charges.service_name, charges.region, charges.tags
        ) as item

    from charges
    inner join cells
        on
            charges.charge_date = cells.charge_date
            and charges.bill_id = cells.bill_id
            and charges.billing_period_start_date = cells.billing_period_start_date
            and charges.sub_account_id is not distinct from cells.sub_account_id

),

streams as (

    select
        cell_id,
        {{ cell | join(', ') }},
        stream_id,
        any_value(data_set) as data_set,
        any_value(data_set_view) as data_set_view,
        max(path_order) as path_order,
        max(delivered_at) as delivered_at,
        count(*) as charge_count,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        any_value(billing_currency) as billing_currency

    from placed
    group by all

),

-- FOCUS states every cost of a charge; of Azure's own data sets, the amortized one what each use cost.
ranked as (

    select
        *,
        row_number() over (
            partition by cell_id
            order by
                case
                    when data_set = 'focus' then 1
                    when data_set_view = 'amortized' then 2
                    when data_set_view = 'actual' then 4
                    else 3
                end,
                path_order desc nulls last, delivered_at desc, stream_id desc
        ) as place

    from streams

),

items as (

    select distinct
        cell_id,
        stream_id,
        item

    from placed

),

shared as (

    select distinct
        mine.cell_id,
        mine.stream_id,
        theirs.stream_id as other_stream_id

    from items as mine
    inner join items as theirs
        on
            mine.cell_id = theirs.cell_id
            and mine.item = theirs.item
            and mine.stream_id <> theirs.stream_id

),

exports as (

    select
        ranked.stream_id,
        kept.stream_id as kept_stream_id,
        ranked.bill_id,
        ranked.sub_account_id,

        ranked.charge_date,
        ranked.billing_period_start_date,

        ranked.data_set,
        kept.data_set as kept_data_set,
        ranked.billing_currency,

        ranked.charge_count,
        ranked.billed_cost,
        ranked.effective_cost,

        -- The purchases of what is amortized are in the actual data set alone.
        ranked.data_set_view = 'actual' and kept.data_set_view = 'amortized' as is_actual_view

    from ranked
    inner join ranked as kept
        on
            ranked.cell_id = kept.cell_id
            and ranked.place > kept.place
    left join shared
        on
            ranked.cell_id = shared.cell_id
            and ranked.stream_id = shared.stream_id
            and kept.stream_id = shared.other_stream_id
    where
        shared.cell_id is not null
        or (ranked.data_set = 'focus') <> (kept.data_set = 'focus')
    qualify row_number() over (partition by ranked.cell_id, ranked.stream_id order by kept.place) = 1

),

-- A sum has no sub account, and may have been delivered twice as well.
final as (

    select * from sums
    union all by name
    select exports.*
    from exports
    left join sums
        on
            exports.stream_id = sums.stream_id
            and exports.charge_date = sums.charge_date
            and exports.bill_id = sums.bill_id
            and exports.sub_account_id is null
    where sums.stream_id is null

)

select * from final -- noqa: AM04
