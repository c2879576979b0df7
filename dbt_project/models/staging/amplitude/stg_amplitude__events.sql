with events as (

    select * from {{ source('amplitude', 'events') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        -- As Amplitude deduplicates: an insert id is unique within a device.
        coalesce(
            insert_id || ' of ' || coalesce(device_id, user_id, amplitude_id, ''), uuid
        ) as event_key,
        user_id,
        device_id,
        amplitude_id,
        _day as event_date,
        event_at,
        uploaded_at as received_at,
        event_name,
        {{ json_property('user_properties', "'email'") }} as email,
        event_properties as properties,
        user_properties
    from events

)

select * from renamed
