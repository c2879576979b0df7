{{ config(materialized='ephemeral') }}

with

charges as (

    select *

    from {{ staged(sources_of_bills(), 'charges') }}
    where {{ in_days_to_rebuild('charge_date') }}

),

contents as (select * from {{ ref('int_deliveries__covered') }}),

deliveries as (select * from {{ ref('int_deliveries__ranked') }}),

delivered as (

    select
        charges.*,
        contents.stream_id,
        contents.delivery_id,
        contents.relation,
        contents.data_set,
        contents.cost_view as data_set_view,
        contents.path_order,
        contents.delivered_at,
        -- Azure writes the account as a path in one data set and bare in another.
        lower(regexp_extract(charges.billing_account_id, '([^/]*)(/billingProfiles/.*)?$', 1)) as bill_id,
        contents.data_set in ('openai', 'anthropic') as is_report,
        -- Charges alike in everything are numbered: which is which makes no difference. Of a model vendor's report, two
        -- that are alike are one bucket on two pages.
        row_number() over (
            partition by
                contents.stream_id, contents.delivery_id, charges.charge_key,
                case when contents.data_set in ('openai', 'anthropic') then charges.content_id end
            order by charges.content_id, charges.row_number
        ) as alike_number

    from charges
    inner join contents
        on
            charges.record_source = contents.record_source
            and charges.content_id = contents.content_id
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

),

-- What is appended may be exported again: each row counts as often as the delivery that has it most often says.
final as (

    select * exclude (is_report)

    from delivered
    qualify
        (relation <> 'append' and not is_report)
        or row_number() over (
            partition by charge_key, alike_number, relation, case when is_report then stream_id end
            order by delivery_id, content_id
        ) = 1

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04
