with

source as (select * from {{ source('fx_rates', 'rates') }}),

renamed as (

    select
        rate_date,

        currency,

        per_eur

    from source

)

select * from renamed
