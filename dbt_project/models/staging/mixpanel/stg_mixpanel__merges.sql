with events as (

    select * from {{ source('mixpanel', 'events') }}

),

named as (

    select
        *,
        {{ json_property('properties', "'$distinct_id_before_identity'") }} as former_id,
        -- A list, or the text of one.
        json_extract_string(
            coalesce(
                case
                    when json_type(properties, '$."$distinct_ids"') = 'VARCHAR'
                        then try_cast({{ json_property('properties', "'$distinct_ids'") }} as json)
                end,
                properties -> '$."$distinct_ids"'
            ), '$[*]'
        ) as merged_ids
    from events

),

paired as (

    -- Ids merged with one another: one of them stands for all, a user's where there is one.
    select
        _content_id,
        _row,
        _day,
        event_at,
        unnest(merged_ids) as from_id,
        coalesce(
            list_min(list_filter(merged_ids, lambda id: not starts_with(id, '$device:'))), list_min(merged_ids)
        ) as to_id,
        false as is_identify
    from named
    where event_name = '$merge'

    union all

    select
        _content_id,
        _row,
        _day,
        event_at,
        distinct_id as from_id,
        {{ json_property('properties', "'alias'") }} as to_id,
        false as is_identify
    from named
    where event_name = '$create_alias'

    union all

    select
        _content_id,
        _row,
        _day,
        event_at,
        {{ json_property('properties', "'$anon_id'") }} as from_id,
        coalesce({{ json_property('properties', "'$identified_id'") }}, user_id, distinct_id) as to_id,
        true as is_identify
    from named
    where event_name = '$identify'

    union all

    -- What Mixpanel has resolved already. Devices are linked by the events themselves.
    select
        _content_id,
        _row,
        _day,
        event_at,
        former_id as from_id,
        distinct_id as to_id,
        false as is_identify
    from named
    where
        event_name not in ('$merge', '$create_alias', '$identify')
        and former_id is distinct from device_id
        and former_id not like '$device:%'
        and distinct_id not like '$device:%'

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        from_id,
        to_id,
        _day as event_date,
        event_at as merged_at,
        is_identify
    from paired
    where from_id <> to_id and from_id <> '' and to_id <> ''

)

select * from renamed
