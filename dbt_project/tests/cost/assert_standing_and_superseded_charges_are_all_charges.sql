-- Superseding must choose, not lose: a charge stands, or a newer delivery covers its day in its stead.
with

charges as (

    select *

    from {{ ref('stg_cloud_billing__charges') }}
    where {{ in_worklist('charge_date') }}

),

standing as (select * from {{ ref('int_charges__current') }}),

contents as (select * from {{ ref('int_deliveries__covered') }}),

deliveries as (select * from {{ ref('int_deliveries__ranked') }}),

superseded as (

    select
        charges.content_id,
        charges.row_number

    from charges
    inner join contents
        on
            charges.content_id = contents.content_id
            and charges.billing_account_id = contents.billing_account_id
            and charges.billing_period_start_date = contents.billing_period_start_date
    inner join deliveries as newer
        on
            contents.stream_id = newer.stream_id
            and contents.delivery_id <> newer.delivery_id
            and contents.billing_account_id = newer.billing_account_id
            and contents.billing_period_start_date = newer.billing_period_start_date
            and charges.charge_date = newer.charge_date
            and newer.is_current
            and contents.delivered_at <= newer.delivered_at

)

select
    charges.content_id,
    charges.row_number

from charges
left join standing
    on
        charges.content_id = standing.content_id
        and charges.row_number = standing.row_number
left join superseded
    on
        charges.content_id = superseded.content_id
        and charges.row_number = superseded.row_number
where (standing.content_id is null) = (superseded.content_id is null)
