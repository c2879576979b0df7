-- Superseding must choose, not lose: a charge counts, or a newer delivery, another view of its bill or another export
-- of the same row counts in its stead.
with

charges as (

    select *

    from {{ staged(sources_of_bills(), 'charges') }}
    where {{ in_days_to_rebuild('charge_date') }}

),

current_charges as (select * from {{ ref('int_charges__current') }}),

contents as (select * from {{ ref('int_deliveries__covered') }}),

deliveries as (select * from {{ ref('int_deliveries__ranked') }}),

overlapping as (select * from {{ ref('int_bills__overlapping') }}),

counted_keys as (

    select distinct charge_key

    from current_charges

),

placed as (

    select
        charges.*,
        contents.stream_id,
        contents.relation = 'append' or contents.data_set in ('openai', 'anthropic') as counts_once,
        deliveries.is_current

    from charges
    left join contents
        on
            charges.record_source = contents.record_source
            and charges.content_id = contents.content_id
            and charges.billing_account_id = contents.billing_account_id
            and charges.billing_period_start_date = contents.billing_period_start_date
    left join deliveries
        on
            contents.stream_id = deliveries.stream_id
            and contents.delivery_id = deliveries.delivery_id
            and charges.billing_account_id = deliveries.billing_account_id
            and charges.billing_period_start_date = deliveries.billing_period_start_date
            and charges.charge_date = deliveries.charge_date

)

select
    placed.record_source,
    placed.content_id,
    placed.row_number

from placed
left join current_charges
    on
        placed.record_source = current_charges.record_source
        and placed.content_id = current_charges.content_id
        and placed.row_number = current_charges.row_number
left join counted_keys on placed.charge_key = counted_keys.charge_key
left join overlapping
    on
        placed.stream_id = overlapping.stream_id
        and placed.charge_date = overlapping.charge_date
        and placed.billing_period_start_date = overlapping.billing_period_start_date
        and placed.sub_account_id is not distinct from overlapping.sub_account_id
where
    case
        when current_charges.content_id is not null then placed.is_current is not true
        else
            placed.is_current is not false
            and overlapping.stream_id is null
            and not (placed.counts_once and counted_keys.charge_key is not null)
    end
