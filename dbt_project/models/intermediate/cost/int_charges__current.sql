{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_days_to_rebuild('charge_date') }}"
    )
}}

with

charges as (select * from {{ ref('int_charges__delivered') }}),

overlapping as (

    select *

    from {{ ref('int_bills__overlapping') }}
    where {{ in_days_to_rebuild('charge_date') }}

),

final as (

    select
        charges.* exclude (relation, data_set, data_set_view, path_order, delivered_at, bill_id, alike_number),
        charges.charge_key || ':' || cast(
            row_number() over (
                partition by charges.charge_key order by charges.content_id, charges.row_number
            ) as varchar
        ) as charge_id

    from charges
    left join overlapping
        on
            charges.stream_id = overlapping.stream_id
            and charges.charge_date = overlapping.charge_date
            and charges.bill_id = overlapping.bill_id
            and charges.billing_period_start_date = overlapping.billing_period_start_date
            and charges.sub_account_id is not distinct from overlapping.sub_account_id
    where
        overlapping.stream_id is null
        or (
            overlapping.is_actual_view
            and charges.commitment_discount_id is not null
            and charges.charge_category in ('Purchase', 'Adjustment')
        )

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04
