{{ config(materialized='ephemeral') }}

with

charges as (select * from {{ ref('int_charges__delivered') }}),

reports as (

    select
        stream_id,
        bill_id,

        charge_date,
        billing_period_start_date,

        data_set,
        billing_currency,

        count(*) as charge_count,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,

        bool_or(sub_account_id is not null) as has_sub_accounts

    from charges
    group by all

),

final as (

    select
        reports.stream_id,
        kept.stream_id as kept_stream_id,
        reports.bill_id,
        cast(null as varchar) as sub_account_id,

        reports.charge_date,
        reports.billing_period_start_date,

        reports.data_set,
        kept.data_set as kept_data_set,
        reports.billing_currency,

        reports.charge_count,
        reports.billed_cost,
        reports.effective_cost,

        false as is_actual_view

    from reports
    inner join reports as kept
        on
            reports.bill_id = kept.bill_id
            and reports.charge_date = kept.charge_date
            and reports.billing_period_start_date = kept.billing_period_start_date
    where
        reports.data_set in ('openai', 'anthropic')
        and not reports.has_sub_accounts
        and kept.has_sub_accounts
    qualify row_number() over (
        partition by reports.stream_id, reports.bill_id, reports.charge_date, reports.billing_period_start_date
        order by kept.stream_id
    ) = 1

)

select * from final
