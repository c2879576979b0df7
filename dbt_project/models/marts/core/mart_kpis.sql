with

kpis as (select * from {{ ref('kpis') }}),

final as (

    select
        kpi_id,

        kpi_name,
        kpi_group,
        unit,
        numerator_name,
        denominator_name,
        definition,

        is_higher_better,

        kpi_number,
        definition_version

    from kpis

)

select * from final
