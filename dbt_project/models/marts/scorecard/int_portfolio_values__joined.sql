with

models as (select * from {{ ref('dim_models') }}),

trailing_months as (select * from {{ ref('int_trailing_months__dated') }}),

estimated as (

    select * from {{ ref('int_business_value__estimated') }}
    where period = 'trailing'

),

streams as (select * from {{ ref('int_value_streams__graded') }}),

reconciled as (select * from {{ ref('mart_value_reconciliation') }}),

costs as (select * from {{ ref('fct_model_cost_daily') }}),

served as (select * from {{ ref('mart_cost_per_prediction_daily') }}),

states as (select * from {{ ref('int_project_states__dated') }}),

flows as (select * from {{ ref('int_project_flows__known') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

shares as (select * from {{ source('catalog', 'project_members') }}),

measured_by as (

    select
        streams.model_id,
        string_agg(distinct streams.experiment_id, ', ' order by streams.experiment_id) as experiment_ids,
        case when bool_or(streams.grade = 'quasi_experiment') then 'quasi_experiment' else 'randomised' end as method
    from streams
    inner join trailing_months on streams.event_date between trailing_months.first_date and trailing_months.last_date
    where streams.is_counted and streams.experiment_id is not null
    group by streams.model_id

),

recorded as (

    select
        reconciled.model_id,
        -- A sum of which one part is unknown is unknown.
        case
            when count(*) filter (where reconciled.has_project and reconciled.actual_usd is null) = 0
                then sum(reconciled.actual_usd order by reconciled.month_date)
        end as actual_usd
    from reconciled
    inner join trailing_months
        on reconciled.month_date between trailing_months.first_date and trailing_months.last_date
    group by reconciled.model_id

),

billed as (

    select
        costs.model_id,
        cast(sum(costs.effective_cost_usd) as double) as bill_usd,
        cast(coalesce({{ compute_cost('costs.effective_cost_usd') }}, 0) as double) as compute_cost_usd,
        cast(count(distinct costs.event_date) as bigint) as billed_day_count
    from costs
    inner join trailing_months on costs.event_date between trailing_months.first_date and trailing_months.last_date
    group by costs.model_id

),

predicted as (

    select
        served.model_id,
        cast(sum(served.prediction_count) as bigint) as prediction_count
    from served
    inner join trailing_months on served.event_date between trailing_months.first_date and trailing_months.last_date
    group by served.model_id

),

-- The cloud is on the bill: what else a project costs, as it is known now, actual where the month is closed.
spent as (

    select
        shares.member_id as model_id,
        sum(-shares.share * cast(flows.used_usd as double) order by flows.project_id, flows.month_date, flows.category)
        filter (
            where
            flows.category_group = 'operating'
            and flows.month_date between trailing_months.first_date and trailing_months.last_date
        ) as project_running_usd,
        -- Straight-line over the months of the project.
        sum(
            -shares.share * cast(flows.used_usd as double) / projects.horizon_months * greatest(
                0, date_diff(
                    'month',
                    greatest(projects.start_date, trailing_months.first_date),
                    least(
                        projects.start_date + to_months(cast(projects.horizon_months as integer)),
                        trailing_months.last_date + 1
                    )
                )
            ) order by flows.project_id, flows.month_date, flows.category
        ) filter (where flows.category_group = 'capital') as investment_usd,
        sum(flows.used_unconverted_count) as unconverted_count
    from flows
    inner join states
        on
            flows.project_id = states.project_id
            and flows.known_from_date = states.known_from_date
            and states.known_to_date is null
    inner join projects on flows.project_id = projects.project_id
    inner join shares on flows.project_id = shares.project_id
    cross join trailing_months
    where flows.side = 'cost' and flows.category <> 'cloud'
    group by shares.member_id

),

-- A project without an approved plan costs an unknown amount, and one in a currency without a rate as well.
planned as (

    select
        shares.member_id as model_id,
        count(distinct shares.project_id) as project_count,
        count(distinct states.project_id) as known_project_count
    from shares
    left join states on shares.project_id = states.project_id
    group by shares.member_id

),

final as (

    select
        models.model_id,

        trailing_months.first_date,
        trailing_months.last_date,

        models.model_name,
        measured_by.experiment_ids,
        measured_by.method,

        measured.value_usd as measured_usd,
        measured.value_ci_low_usd as measured_ci_low_usd,
        measured.value_ci_high_usd as measured_ci_high_usd,
        recorded.actual_usd,
        claimed.value_usd as claimed_usd,
        {% for factor in ['reached_volume', 'unit_value_usd', 'effect', 'effect_ci_low', 'effect_ci_high'] -%}
        case when measured.value_usd is not null then measured.{{ factor }} else claimed.{{ factor }} end
            as {{ factor }},
        {% endfor -%}

        predicted.prediction_count,
        billed.compute_cost_usd,
        billed.bill_usd - billed.compute_cost_usd as other_bill_usd,
        case
            when trailing_months.month_count is null then null
            when coalesce(planned.project_count, 0) > coalesce(planned.known_project_count, 0)
                then 'a project has no approved plan'
            when coalesce(spent.unconverted_count, 0) > 0
                then 'a project has a flow in a currency without an exchange rate for its day'
        end as project_gap_reason,
        {% for cost in ['project_running_usd', 'investment_usd'] -%}
        case
            when trailing_months.month_count is not null and project_gap_reason is null
                then coalesce(spent.{{ cost }}, 0)
        end as {{ cost }},
        {% endfor -%}

        trailing_months.month_count,
        trailing_months.day_count,
        billed.billed_day_count

    from models
    cross join trailing_months
    left join measured_by on models.model_id = measured_by.model_id
    left join estimated as measured
        on
            models.model_id = measured.model_id
            and measured.grade = 'measured'
    left join estimated as claimed
        on
            models.model_id = claimed.model_id
            and claimed.grade = 'declared'
    left join recorded on models.model_id = recorded.model_id
    left join billed on models.model_id = billed.model_id
    left join predicted on models.model_id = predicted.model_id
    left join spent on models.model_id = spent.model_id
    left join planned on models.model_id = planned.model_id

)

select * from final
