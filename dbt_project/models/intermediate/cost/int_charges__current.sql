{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ clear_worklist('charge_date') }}"
    )
}}

with

charges as (

    select *

    from {{ ref('stg_cloud_billing__charges') }}
    where {{ in_worklist('charge_date') }}

),

contents as (select * from {{ ref('int_deliveries__covered') }}),

deliveries as (select * from {{ ref('int_deliveries__ranked') }}),

final as (

    select
        charges.*,
        -- Charges alike in everything are numbered: which is which makes no difference.
        charges.charge_key || ':' || cast(
            row_number() over (
                partition by charges.charge_key order by charges.content_id, charges.row_number
            ) as varchar
        ) as charge_id,
        contents.stream_id,
        contents.delivery_id

    from charges
    inner join contents
        on
            charges.content_id = contents.content_id
            and charges.billing_account_id = contents.billing_account_id
            and charges.billing_period_start_date = contents.billing_period_start_date
    inner join deliveries
        on
            contents.stream_id = deliveries.stream_id
            and contents.delivery_id = deliveries.delivery_id
            and charges.billing_account_id = deliveries.billing_account_id
            and charges.billing_period_start_date = deliveries.billing_period_start_date
            and charges.charge_date = deliveries.charge_date
    where deliveries.is_current

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04
