with

kpis as (select * from {{ ref('kpis') }}),

final as (

    select
        kpi_id,

        kpi_name,
        kpi_group,
        unit,
        measure_kind,
        numerator_name,
        denominator_name,
        definition,
        off_target_action,
        target_period,

        is_higher_better,
        has_single_days,

        kpi_number,
        rolling_days,
        definition_version

    from kpis

)

select * from final
