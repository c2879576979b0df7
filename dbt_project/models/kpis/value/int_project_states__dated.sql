{{ config(materialized='table') }}

with

projects as (select * from {{ source('catalog', 'projects') }}),

discount_rates as (select * from {{ source('catalog', 'project_discount_rates') }}),

plans as (select * from {{ ref('int_project_plans__converted') }}),

books as (select * from {{ ref('int_project_books__closed') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

first_plans as (

    select
        project_id,
        min(valid_from_date) as first_plan_date

    from plans
    where basis = 'planned'
    group by project_id

),

closed_months as (

    select
        books.side,
        projects.project_id,
        cast(unnest(generate_series(
            projects.start_date,
            least(
                projects.start_date + to_months(cast(projects.horizon_months - 1 as integer)),
                books.open_month_date - interval 1 month
            ),
            interval 1 month
        )) as date) as month_date

    from projects
    cross join books

),

changes as (

    select
        project_id,
        valid_from_date as known_from_date
    from plans
    where basis = 'planned'

    union

    select
        project_id,
        valid_from as known_from_date
    from discount_rates

    union

    select
        project_id,
        last_day(month_date) as known_from_date
    from closed_months

),

intervals as (

    select
        changes.project_id,
        changes.known_from_date,
        lead(changes.known_from_date) over (
            partition by changes.project_id
            order by changes.known_from_date asc
        ) as known_to_date

    from changes
    inner join projects on changes.project_id = projects.project_id
    inner join first_plans
        on
            changes.project_id = first_plans.project_id
            and changes.known_from_date >= first_plans.first_plan_date
    inner join newest on changes.known_from_date <= newest.as_of_date

),

-- Nothing is closed on a side without any export.
closed as (

    select
        max(open_month_date) filter (where side = 'cost') as cost_open_month_date,
        max(open_month_date) filter (where side = 'benefit') as benefit_open_month_date

    from books

),

final as (

    select
        intervals.project_id,

        intervals.known_from_date,
        intervals.known_to_date,
        {% for side in ['cost', 'benefit'] -%}
        case
            when closed.{{ side }}_open_month_date is not null
                then least(
                    closed.{{ side }}_open_month_date,
                    cast(date_trunc('month', intervals.known_from_date + interval 1 day) as date)
                )
        end as {{ side }}_open_month_date,
        {% endfor %}
        discount_rates.annual_rate as annual_discount

    from intervals
    cross join closed
    left join discount_rates
        on
            intervals.project_id = discount_rates.project_id
            and {{ as_of('discount_rates', 'intervals.known_from_date') }}

)

select * from final
