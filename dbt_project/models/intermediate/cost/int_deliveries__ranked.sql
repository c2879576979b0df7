{{ config(materialized='table') }}

with

contents as (select * from {{ ref('int_deliveries__covered') }}),

deliveries as (

    select
        stream_id,
        delivery_id,
        billing_account_id,
        billing_period_start_date,
        any_value(relation) as relation,
        max(path_order) as path_order,
        max(delivered_at) as delivered_at,
        min(first_charge_date) as first_charge_date

    from contents
    group by all

),

-- Which days are stale is decided by the same order: `_DELIVERIES` in `pipelines/warehouse/staleness.py`.
ordered as (

    select
        *,
        row_number() over newness as place,
        min(first_charge_date) over (
            newness rows between unbounded preceding and 1 preceding
        ) as newer_first_charge_date

    from deliveries
    window newness as (
        partition by stream_id, billing_account_id, billing_period_start_date
        order by path_order desc nulls last, delivered_at desc, delivery_id desc
    )

),

covered_days as (

    select distinct
        stream_id,
        delivery_id,
        billing_account_id,
        billing_period_start_date,
        cast(unnest(generate_series(first_charge_date, last_charge_date, interval 1 day)) as date) as charge_date

    from contents

),

placed as (

    select
        covered_days.*,
        ordered.delivered_at,
        ordered.relation,
        ordered.place,
        coalesce(
            ordered.relation = 'replace a period'
            and ordered.newer_first_charge_date <= ordered.first_charge_date, false
        ) as is_replaced_whole

    from covered_days
    inner join ordered
        on
            covered_days.stream_id = ordered.stream_id
            and covered_days.delivery_id = ordered.delivery_id
            and covered_days.billing_account_id = ordered.billing_account_id
            and covered_days.billing_period_start_date = ordered.billing_period_start_date

),

final as (

    select
        stream_id,
        delivery_id,
        billing_account_id,

        billing_period_start_date,
        charge_date,
        delivered_at,

        relation = 'append' or (
            not is_replaced_whole
            and place = min(place) filter (not is_replaced_whole) over (
                partition by stream_id, billing_account_id, billing_period_start_date, charge_date
            )
        ) as is_current

    from placed

)

select * from final
