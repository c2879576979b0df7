with

lineage as (select * from {{ source('training', 'lineage') }}),

-- A statement is of a model as a whole, and holds until the next.
statements as (

    select
        model_name,
        as_of,
        lead(as_of) over (partition by model_name order by as_of) as next_as_of

    from (
        select distinct
            model_name,
            as_of
        from lineage
    ) as stated

),

final as (

    select distinct
        lineage.as_of as stated_at,
        statements.next_as_of as next_stated_at,
        lineage._day as stated_date,

        lineage.model_name as logged_name,
        lineage.feature,
        lineage.source_table,
        lineage.source_column

    from lineage
    inner join statements
        on
            lineage.model_name = statements.model_name
            and lineage.as_of = statements.as_of

)

select * from final
