{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with events as (

    select * from {{ ref('int_events__combined') }}
    where {{ in_days_to_rebuild('event_date') }}

),

-- Without a key, duplicates cannot be recognised: each row is an event.
daily as (

    select
        source,
        event_date,
        count(*) as delivered_event_count,
        count(*) filter (where event_key is null)
        + count(distinct event_name || chr(0) || event_key) as distinct_event_count
    from events
    group by source, event_date

)

select * from daily
