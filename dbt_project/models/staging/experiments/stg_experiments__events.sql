with

source as (

    {{ delivered('experiments', 'events') }}

),

renamed as (

    select
        event_id,
        user_id,

        _day as event_date,
        event_at,

        event_name,

        amount,

        delivered_at

    from source

)

select * from renamed
