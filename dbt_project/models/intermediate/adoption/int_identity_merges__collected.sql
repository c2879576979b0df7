{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with pairs as (

    select
        'mixpanel' as source,
        'user:' || from_id as from_id,
        'user:' || to_id as to_id,
        event_date,
        is_identify
    from {{ ref('stg_mixpanel__merges') }}
    union all
    select
        'amplitude' as source,
        'person:' || merged_amplitude_id as from_id,
        'person:' || amplitude_id as to_id,
        event_date,
        false as is_identify
    from {{ ref('stg_amplitude__merges') }}
    union all
    select
        'segment' as source,
        'user:' || previous_id as from_id,
        'user:' || user_id as to_id,
        event_date,
        false as is_identify
    from {{ ref('stg_segment__identifies') }}
    where call_type = 'alias'

)

select distinct
    source,
    from_id,
    to_id,
    event_date,
    is_identify
from pairs
where from_id <> to_id and {{ in_days_to_rebuild('event_date') }}
