{{ config(materialized='table') }}

with

contents as (select * from {{ ref('int_deliveries__covered') }}),

covered_days as (

    select distinct
        stream_id,
        delivery_id,
        billing_account_id,
        billing_period_start_date,
        cast(unnest(generate_series(first_charge_date, last_charge_date, interval 1 day)) as date) as charge_date,
        delivered_at

    from contents

),

final as (

    select
        stream_id,
        delivery_id,
        billing_account_id,

        billing_period_start_date,
        charge_date,
        delivered_at,

        row_number() over (
            partition by stream_id, billing_account_id, billing_period_start_date, charge_date
            order by delivered_at desc, delivery_id desc
        ) = 1 as is_current

    from covered_days

)

select * from final
