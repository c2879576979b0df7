{{ config(materialized='table') }}

with

charges as (

    select * from {{ staged(sources_of_bills(), 'charges') }}

),

parts as (

    select *

    from {{ source('ledger', 'deliveries') }}
    where list_contains({{ sources_of_bills() }}, source)

),

spans as (

    select
        record_source,
        content_id,
        billing_account_id,
        billing_period_start_date,
        min(charge_date) as first_charge_date,
        max(charge_date) as last_charge_date,
        count(*) as charge_count,
        bool_or(cost_view = 'amortized') as has_amortized,
        bool_or(cost_view = 'actual') as has_actual

    from charges
    group by all

),

final as (

    select
        parts.stream_id,
        parts.delivery_id,
        spans.record_source,
        spans.content_id,
        spans.billing_account_id,

        spans.billing_period_start_date,
        spans.first_charge_date,
        spans.last_charge_date,
        max(parts.written_at) over (partition by parts.delivery_id) as delivered_at,
        parts.path_order,

        parts.relation,
        regexp_extract(parts.format, '^[a-z]+') as data_set,
        -- Decided by the rows, if one of them can be of one data set only; else by the path.
        case
            when bool_or(spans.has_amortized) over bill then 'amortized'
            when bool_or(spans.has_actual) over bill then 'actual'
            else coalesce(nullif(regexp_extract(parts.delivery_id, 'amorti[sz]ed|actual'), ''), 'unknown')
        end as cost_view,

        spans.charge_count

    from spans
    inner join parts
        on
            spans.record_source = parts.source
            and spans.content_id = parts.content_id
    window bill as (partition by parts.stream_id, spans.billing_account_id, spans.billing_period_start_date)

)

select * from final
