{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('event_date') }}"
) }}

select
    source,
    event_date,
    count(*) as delivered_event_count,
    count(*) filter (where insert_id is null)
    + count(distinct (event_name, insert_id)) filter (where insert_id is not null) as distinct_event_count
from {{ ref('int_events__combined') }}
where {{ in_worklist('event_date') }}
group by source, event_date
