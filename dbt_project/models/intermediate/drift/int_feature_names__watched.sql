{{ config(materialized='view') }}

with

watched as (select * from {{ source('catalog', 'drift_features') }}),

-- Warehouses write column names in upper case: case counts only where the catalog watches two that differ in it alone.
final as (

    select
        member_id as model_id,
        lower(feature) as feature_key,
        any_value(feature) as feature

    from watched
    group by all
    having count(*) = 1

)

select * from final
