{{ config(materialized='table') }}

with

charges as (select * from {{ ref('stg_cloud_billing__charges') }}),

parts as (

    select *

    from {{ source('ledger', 'deliveries') }}
    where source = 'cloud_billing'

),

spans as (

    select
        content_id,
        billing_account_id,
        billing_period_start_date,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date,
        count(*) as charge_count

    from charges
    group by all

),

final as (

    select
        parts.stream_id,
        parts.delivery_id,
        spans.content_id,
        spans.billing_account_id,

        spans.billing_period_start_date,
        spans.first_charge_date,
        spans.last_charge_date,
        max(parts.written_at) over (partition by parts.delivery_id) as delivered_at,

        spans.charge_count

    from spans
    inner join parts on spans.content_id = parts.content_id

)

select * from final
