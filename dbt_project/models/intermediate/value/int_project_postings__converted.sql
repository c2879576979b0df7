{{ config(materialized='table') }}

with

costs as (select * from {{ ref('stg_finance__actual_costs') }}),

benefits as (select * from {{ ref('stg_finance__actual_benefits') }}),

codes as (select * from {{ source('catalog', 'project_codes') }}),

accounts as (select * from {{ source('catalog', 'project_accounts') }}),

rates as (select * from {{ ref('int_fx_rates__daily') }}),

delivered as (

    {{ deliveries('finance') }}

),

postings as (

    select
        document_id,
        line_number,
        reversed_document_id,
        project_code,
        gl_account,
        content_id,
        file_row,
        posting_date,
        'cost' as side,
        category,
        currency,
        -amount as amount
    from costs

    union all

    select
        document_id,
        line_number,
        reversed_document_id,
        project_code,
        null as gl_account,
        content_id,
        file_row,
        posting_date,
        'benefit' as side,
        category,
        currency,
        amount
    from benefits

),

-- Exports overlap: a line in several files is used from the newest. If lines of one file share a number and differ, all
-- of them count: a spreadsheet has cut their numbers.
deduplicated as (

    select postings.*

    from postings
    left join delivered on postings.content_id = delivered.content_id
    qualify
        dense_rank() over (
            partition by postings.side, postings.document_id, postings.line_number
            order by delivered.delivered_at desc nulls last, postings.content_id desc
        ) = 1
        and row_number() over (
            partition by
                postings.side, postings.document_id, postings.line_number, postings.content_id,
                postings.posting_date, postings.project_code, postings.gl_account, postings.category,
                postings.currency, postings.amount
            order by postings.file_row
        ) = 1

),

final as (

    select
        deduplicated.document_id,
        deduplicated.line_number,
        deduplicated.reversed_document_id,
        coalesce(codes.project_id, 'unmapped') as project_id,
        deduplicated.project_code,
        deduplicated.gl_account,

        deduplicated.posting_date,
        cast(date_trunc('month', deduplicated.posting_date) as date) as month_date,

        deduplicated.side,
        coalesce(deduplicated.category, accounts.category, 'other') as category,
        deduplicated.currency,

        deduplicated.currency <> 'USD' and rates.usd_per_unit is null as is_unconverted,

        deduplicated.amount,
        cast(
            cast(deduplicated.amount as decimal(22, 4))
            * case when deduplicated.currency = 'USD' then cast(1 as decimal(16, 12)) else rates.usd_per_unit end
            as decimal(38, 12)
        ) as amount_usd

    from deduplicated
    left join codes on deduplicated.project_code = codes.project_code
    left join accounts
        on
            codes.project_id = accounts.project_id
            and deduplicated.gl_account = accounts.gl_account
    left join rates
        on
            deduplicated.currency = rates.currency
            and deduplicated.posting_date = rates.booking_date

)

select * from final
