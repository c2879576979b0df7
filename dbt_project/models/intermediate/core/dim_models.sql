{{ config(materialized='table') }}

with

members as (select * from {{ source('catalog', 'members') }}),

final as (

    select
        member_id as model_id,

        name as model_name,
        kind as model_kind,
        description as model_description,
        business_unit,
        model_owner

    from members
    where kind <> 'team'

)

select * from final
