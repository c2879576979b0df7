with

source as (select * from {{ source('finance', 'budgets') }}),

renamed as (

    select
        _content_id as content_id,
        project_code,

        approved_date,
        cast(date_trunc('month', month_date) as date) as month_date,

        plan_version,
        cost_centre,
        category,
        currency,

        amount

    from source

)

select * from renamed
