with pairs as (

    select * from {{ source('mixpanel', 'merges') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        from_id,
        to_id,
        _day as event_date,
        merged_at,
        is_identify
    from pairs

)

select * from renamed
