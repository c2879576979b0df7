with

source as (select * from {{ source('experiments', 'exposures') }}),

renamed as (

    select
        experiment_id as experiment_key,
        user_id,
        variation_id,

        _day as event_date,
        exposed_at,

        attributes

    from source

)

select * from renamed
