with

lineage as (select * from {{ source('training', 'lineage') }}),

-- A model's newest statement holds, whole.
newest as (

    select *
    from lineage
    qualify rank() over (partition by model_name order by as_of desc) = 1

),

final as (

    select distinct
        as_of as stated_at,
        _day as stated_date,

        model_name as logged_name,
        feature,
        source_table,
        source_column

    from newest

)

select * from final
