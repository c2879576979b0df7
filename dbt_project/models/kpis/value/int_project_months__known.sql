{{ config(materialized='table') }}

with

states as (select * from {{ ref('int_project_states__dated') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

flows as (select * from {{ ref('int_project_flows__known') }}),

months as (

    select
        states.project_id,
        states.known_from_date,
        states.known_to_date,
        states.annual_discount,
        states.cost_open_month_date,
        states.benefit_open_month_date,
        unnest(generate_series(0, projects.horizon_months - 1)) as month_index,
        projects.start_date

    from states
    inner join projects on states.project_id = projects.project_id

),

dated as (

    select
        *,
        cast(start_date + to_months(cast(month_index as integer)) as date) as month_date

    from months

),

summed as (

    select
        project_id,
        known_from_date,
        month_index,
        {% for basis in ['planned', 'actual', 'used', 'budgeted'] -%}
        {% for category_group in ['capital', 'operating', 'benefit'] -%}
        sum({{ basis }}_usd) filter (where category_group = '{{ category_group }}')
            as {{ basis }}_{{ category_group }}_usd,
        {% endfor -%}
        {% endfor -%}
        sum(used_usd) as used_usd,
        sum(budget_line_count) as budget_line_count,
        sum(used_unconverted_count) as used_unconverted_count,
        sum(planned_unconverted_count) as planned_unconverted_count,
        sum(actual_unconverted_count) as actual_unconverted_count,
        sum(budgeted_unconverted_count) as budgeted_unconverted_count

    from flows
    group by all

),

final as (

    select
        dated.project_id,

        dated.known_from_date,
        dated.known_to_date,
        dated.month_date,

        coalesce(dated.month_date < dated.cost_open_month_date, false) as is_cost_closed,
        coalesce(dated.month_date < dated.benefit_open_month_date, false) as is_benefit_closed,

        dated.month_index,
        dated.annual_discount,
        {% for basis in ['planned', 'actual', 'used', 'budgeted'] -%}
        {% for category_group in ['capital', 'operating', 'benefit'] -%}
        cast(coalesce(summed.{{ basis }}_{{ category_group }}_usd, 0) as decimal(38, 12))
            as {{ basis }}_{{ category_group }}_usd,
        {% endfor -%}
        {% endfor -%}
        {% for basis in ['planned', 'actual', 'used', 'budgeted'] -%}
        cast(coalesce(summed.{{ basis }}_unconverted_count, 0) as bigint) as {{ basis }}_unconverted_count,
        {% endfor -%}
        cast(coalesce(summed.budget_line_count, 0) as bigint) as budget_line_count,
        cast(coalesce(summed.used_usd, 0) as decimal(38, 12)) as used_usd

    from dated
    left join summed
        on
            dated.project_id = summed.project_id
            and dated.known_from_date = summed.known_from_date
            and dated.month_index = summed.month_index

)

select * from final
