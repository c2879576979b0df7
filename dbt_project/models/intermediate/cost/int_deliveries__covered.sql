{{ config(materialized='table') }}

with

charges as (select * from {{ ref('stg_cloud_billing__charges') }}),

files as (select * from {{ source('ledger', 'files') }}),

-- The same bytes may lie under several names; the newest name says when they were last delivered.
named as (

    select
        content_id,
        path,
        modified_at

    from files
    where
        source = 'cloud_billing'
        and status = 'loaded'
    qualify row_number() over (partition by content_id order by modified_at desc, path desc) = 1

),

parts as (

    select
        content_id,
        {{ stream_of('path') }} as stream_id,
        {{ delivery_of('path') }} as delivery_id,
        modified_at

    from named

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
        max(parts.modified_at) over (partition by parts.delivery_id) as delivered_at,

        spans.charge_count

    from spans
    inner join parts on spans.content_id = parts.content_id

)

select * from final
