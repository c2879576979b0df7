with

states as (select * from {{ ref('int_project_states__dated') }}),

all_months as (select * from {{ ref('int_project_months__known') }}),

flows as (select * from {{ ref('int_project_flows__known') }}),

newest as (

    select *
    from states
    where known_to_date is null

),

months as (

    select
        all_months.*,
        sum(all_months.used_unconverted_count) over (partition by all_months.project_id) as unconverted_count

    from all_months
    where all_months.known_to_date is null

),

categories as (

    select distinct
        flows.project_id,
        flows.known_from_date,
        flows.side,
        flows.category,
        flows.is_volume_driven

    from flows
    inner join newest
        on
            flows.project_id = newest.project_id
            and flows.known_from_date = newest.known_from_date

),

final as (

    select
        categories.project_id,

        categories.known_from_date,

        categories.category,

        categories.side = 'benefit' as is_benefit,
        categories.is_volume_driven,

        list(
            coalesce(cast(case when flows.is_closed then flows.actual_usd end as double), 0)
            order by months.month_index asc
        ) as actual,
        {% for end in ['planned', 'low', 'high'] -%}
        list(
            coalesce(cast(case when not flows.is_closed then flows.{{ end }}_usd end as double), 0)
            order by months.month_index asc
        ) as {{ end }},
        {% endfor -%}
        any_value(months.annual_discount) as annual_discount,
        any_value(months.unconverted_count) as used_unconverted_count

    from categories
    inner join months on categories.project_id = months.project_id
    left join flows
        on
            months.project_id = flows.project_id
            and months.known_from_date = flows.known_from_date
            and months.month_index = flows.month_index
            and categories.side = flows.side
            and categories.category = flows.category
    group by
        categories.project_id,
        categories.known_from_date,
        categories.category,
        categories.side,
        categories.is_volume_driven

)

select * from final
