with merged_persons as (

    select * from {{ source('amplitude', 'merges') }}

),

renamed as (

    select
        _content_id || ':' || cast(_row as varchar) as delivery_id,
        amplitude_id,
        merged_amplitude_id,
        _day as event_date,
        merged_at,
        merge_uploaded_at as received_at
    from merged_persons

)

select * from renamed
