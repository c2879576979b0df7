with identifies as (

    select * from {{ source('segment', 'identifies') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        message_id,
        user_id,
        anonymous_id,
        previous_id,
        _day as event_date,
        event_at,
        received_at,
        call_type,
        {{ json_property('traits', "'email'") }} as email,
        traits
    from identifies

)

select * from renamed
