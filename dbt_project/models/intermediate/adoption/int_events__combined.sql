{{ config(materialized='view') }}

select
    'mixpanel' as source,
    delivery_id,
    event_key,
    user_id,
    'device:' || device_id as person_key,
    cast(null as varchar) as device_key,
    linked_id,
    event_date,
    event_at,
    received_at,
    event_name,
    email,
    properties,
    cast(null as json) as user_properties
from {{ ref('stg_mixpanel__events') }}

union all

select
    'amplitude' as source,
    delivery_id,
    event_key,
    user_id,
    'person:' || amplitude_id as person_key,
    'device:' || device_id as device_key,
    cast(null as varchar) as linked_id,
    event_date,
    event_at,
    received_at,
    event_name,
    email,
    properties,
    user_properties
from {{ ref('stg_amplitude__events') }}

union all

select
    'segment' as source,
    delivery_id,
    message_id as event_key,
    user_id,
    'device:' || anonymous_id as person_key,
    cast(null as varchar) as device_key,
    cast(null as varchar) as linked_id,
    event_date,
    event_at,
    received_at,
    event_name,
    email,
    properties,
    traits as user_properties
from {{ ref('stg_segment__events') }}

union all

select
    'segment' as source,
    delivery_id,
    message_id as event_key,
    user_id,
    'device:' || anonymous_id as person_key,
    cast(null as varchar) as device_key,
    previous_id as linked_id,
    event_date,
    event_at,
    received_at,
    call_type as event_name,
    email,
    cast(null as json) as properties,
    traits as user_properties
from {{ ref('stg_segment__identifies') }}
