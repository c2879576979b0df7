with

source as (select * from {{ source('fx_rates', 'rates') }}),

renamed as (

    select
        _content_id as content_id,

        rate_date,

        currency,

        per_eur

    from source

)

select * from renamed
