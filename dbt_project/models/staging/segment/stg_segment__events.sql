with events as (

    select * from {{ source('segment', 'events') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        message_id,
        user_id,
        anonymous_id,
        _day as event_date,
        event_at,
        received_at,
        call_type,
        event_name,
        {{ json_property('traits', "'email'") }} as email,
        properties,
        traits
    from events

)

select * from renamed
