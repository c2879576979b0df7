with

source as (select * from {{ source('experiments', 'events') }}),

renamed as (

    select
        event_id,
        user_id,

        _day as event_date,
        event_at,

        event_name,

        amount

    from source

)

select * from renamed
