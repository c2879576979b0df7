{{ config(materialized='table') }}

with

states as (select * from {{ ref('int_project_states__dated') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

plans as (select * from {{ ref('int_project_plans__converted') }}),

postings as (select * from {{ ref('int_project_postings__converted') }}),

categories as (select * from {{ source('catalog', 'project_categories') }}),

lines as (

    select
        states.project_id,
        states.known_from_date,
        plans.month_date,
        plans.side,
        plans.category,
        case plans.basis when 'planned' then plans.amount_usd end as planned_usd,
        case plans.basis when 'planned' then plans.low_amount_usd end as low_usd,
        case plans.basis when 'planned' then plans.high_amount_usd end as high_usd,
        case plans.basis when 'budgeted' then plans.amount_usd end as budgeted_usd,
        null as actual_usd,
        plans.basis,
        plans.is_unconverted

    from states
    inner join plans
        on
            states.project_id = plans.project_id
            and states.known_from_date >= plans.valid_from_date
            and (plans.valid_to_date is null or states.known_from_date < plans.valid_to_date)

    union all

    -- What an open month holds so far is known and not used: half a month is no month.
    select
        states.project_id,
        states.known_from_date,
        postings.month_date,
        postings.side,
        postings.category,
        null as planned_usd,
        null as low_usd,
        null as high_usd,
        null as budgeted_usd,
        postings.amount_usd as actual_usd,
        'actual' as basis,
        postings.is_unconverted

    from states
    inner join postings
        on
            states.project_id = postings.project_id
            and case postings.side
                when 'cost' then states.cost_open_month_date > postings.month_date
                else states.benefit_open_month_date > postings.month_date
            end

),

summed as (

    select
        project_id,
        known_from_date,
        month_date,
        side,
        category,
        {% for flow in ['planned', 'low', 'high', 'budgeted', 'actual'] -%}
        cast(coalesce(sum({{ flow }}_usd), 0) as decimal(38, 12)) as {{ flow }}_usd,
        {% endfor -%}
        count(*) filter (where basis = 'budgeted') as budget_line_count,
        count(*) filter (where is_unconverted and basis = 'planned') as planned_unconverted_count,
        count(*) filter (where is_unconverted and basis = 'actual') as actual_unconverted_count,
        count(*) filter (where is_unconverted and basis = 'budgeted') as budgeted_unconverted_count

    from lines
    group by all

),

grouped as (

    select
        summed.*,
        coalesce(
            summed.month_date
            < case summed.side when 'cost' then states.cost_open_month_date else states.benefit_open_month_date end,
            false
        ) as is_closed,
        summed.side = 'benefit' or coalesce(categories.is_volume_driven, false) as is_volume_driven,
        case summed.side when 'benefit' then 'benefit' else coalesce(categories.budget, 'operating') end
            as category_group,
        date_diff('month', projects.start_date, summed.month_date) as month_index

    from summed
    inner join states
        on
            summed.project_id = states.project_id
            and summed.known_from_date = states.known_from_date
    inner join projects on summed.project_id = projects.project_id
    left join categories
        on
            summed.project_id = categories.project_id
            and summed.category = categories.category
    where
        date_diff('month', projects.start_date, summed.month_date) between 0 and projects.horizon_months - 1

),

final as (

    select
        *,
        case when is_closed then actual_usd else planned_usd end as used_usd,
        case when is_closed then actual_unconverted_count else planned_unconverted_count end as used_unconverted_count

    from grouped

)

select * from final
