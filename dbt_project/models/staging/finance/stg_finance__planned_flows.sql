with

source as (select * from {{ source('finance', 'planned_flows') }}),

renamed as (

    select
        _content_id as content_id,
        project_code,

        approved_date,
        cast(date_trunc('month', month_date) as date) as month_date,

        plan_version,
        category,
        currency,

        amount,
        low_amount,
        high_amount

    from source

)

select * from renamed
