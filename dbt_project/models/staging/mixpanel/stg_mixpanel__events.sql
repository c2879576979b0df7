with events as (

    select * from {{ source('mixpanel', 'events') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        -- As Mixpanel deduplicates: an insert id is unique within a distinct id. An event exported again after a merge
        -- has the merged distinct id, and beside it the one it was sent with.
        insert_id || ' of ' || coalesce(former_id, distinct_id, '') as event_key,
        case
            when event_name = '$create_alias' then alias_id
            when event_name = '$identify' then coalesce(identified_id, user_id, distinct_id)
            else coalesce(
                user_id,
                -- Servers send a user's id as distinct_id and nothing else; a browser's is its device.
                case
                    when distinct_id not like '$device:%' and distinct_id is distinct from device_id
                        then distinct_id
                end
            )
        end as user_id,
        coalesce(
            device_id,
            case when distinct_id like '$device:%' then substr(distinct_id, length('$device:') + 1) end
        ) as device_id,
        case
            when event_name = '$create_alias' then distinct_id
            when event_name = '$identify' then anonymous_id
        end as linked_id,
        _day as event_date,
        event_at,
        processed_at as received_at,
        event_name,
        coalesce(
            {{ json_property('properties', "'$email'") }},
            {{ json_property('properties', "'email'") }}
        ) as email,
        properties
    from events

)

select * from renamed
