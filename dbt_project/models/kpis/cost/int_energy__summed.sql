{%- set measures = {'energy': 'instance_energy', 'emissions': 'grid_emissions'} %}

with

energy as (select * from {{ ref('fct_model_energy_daily') }}),

days as (select * from {{ ref('int_cost_days__covered') }}),

-- A sum of which one part is unknown is unknown.
used as (

    select
        model_id,
        event_date,
        sum(metered_hours) as metered_hours,
        case when sum(unknown_hours) = 0 then sum(energy_kwh) end as energy,
        case when sum(unknown_hours) = 0 and count(energy_kwh) = count(emissions_gco2e) then sum(emissions_gco2e) end
            as emissions,
        array_to_string(list_sort(list(distinct instance_type) filter (unknown_hours > 0)), ', ') as unknown_types,
        array_to_string(
            list_sort(list(distinct region) filter (energy_kwh is not null and emissions_gco2e is null)), ', '
        ) as unknown_regions

    from energy
    group by model_id, event_date

),

daily as (

    select
        days.model_id,
        days.event_date,
        used.metered_hours,
        used.energy,
        used.emissions,
        'no energy factor for ' || used.unknown_types as energy_gap_reason,
        coalesce(energy_gap_reason, 'no emission factor for ' || used.unknown_regions) as emissions_gap_reason,
        days.is_billed,
        days.is_logged,
        days.prediction_count,
        cast(days.event_date + interval 1 day as timestamp) as end_at

    from days
    left join used on days.model_id = used.model_id and days.event_date = used.event_date

),

{% for measure, factors in measures.items() -%}
{{ measure }}_days as (

    select
        *,
        exists(select 1 from {{ source('catalog', factors) }}) as is_set_up,
        case when is_logged then {{ measure }} end as numerator,
        case when is_logged and {{ measure }} is not null then prediction_count end as denominator,
        denominator as sample_size,
        case when denominator is not null then end_at end as data_until_at

    from daily

),

{% endfor -%}
final as (

    {% for measure in measures -%}
    {% set gap_reason -%}
        case
            when sum(denominator) > 0 then null
            when not bool_or(is_set_up) then 'not set up: no factors for {{ measure }} in the catalog'
            when not bool_or(is_billed) then 'no cloud bill loaded'
            when not bool_or(is_logged) then 'no serving logs loaded'
            when sum(metered_hours) is null then 'no instance hours on the cloud bill are allocated to the model'
            when sum({{ measure }}) is null then max({{ measure }}_gap_reason)
            when sum(denominator) = 0 then 'no predictions'
            else 'no day has both a cloud bill and serving logs'
        end
    {%- endset %}
    {{ summed_days(measure ~ '_per_prediction', measure ~ '_days', gap_reason) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
