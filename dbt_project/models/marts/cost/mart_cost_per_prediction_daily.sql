{% set categories = ['serving', 'external_api', 'training', 'data', 'storage', 'network', 'platform', 'other'] %}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}"
    )
}}

with

costs as (

    select *

    from {{ ref('fct_model_cost_daily') }}
    where {{ in_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}

),

serving as (

    select *

    from {{ ref('fct_serving_hourly') }}
    where
        environment = 'prod'
        and {{ in_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}

),

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('int_cost_days__covered') }}),

served as (

    select
        model_id,
        event_date,
        coalesce(instance_type, 'unknown') as instance_type,
        sum(prediction_count) as prediction_count,
        sum(request_count) as request_count,
        sum(failed_request_count) as failed_request_count,
        sum(retry_request_count) as retry_request_count

    from serving
    group by all

),

sole_instances as (

    select
        model_id,
        event_date,
        min(instance_type) as instance_type

    from served
    group by all
    having count(*) = 1

),

-- Storage names no instance and tokens have none: they go with the one the model served on that day, if it was one,
-- so that a model bought by the token has its cost and its predictions in one row.
spent as (

    select
        costs.model_id,
        costs.event_date,
        coalesce(costs.instance_type, sole_instances.instance_type, 'none') as instance_type,
        {% for basis in ['billed', 'effective', 'list', 'contracted'] -%}
        sum(costs.{{ basis }}_cost_usd) as {{ basis }}_cost_usd,
        {% endfor -%}
        {% for category in categories -%}
        coalesce(sum(costs.effective_cost_usd) filter (costs.category = '{{ category }}'), 0)
            as {{ category }}_cost_usd,
        {% endfor -%}
        coalesce(sum(costs.effective_cost_usd) filter (costs.cost_origin = 'shared'), 0) as shared_cost_usd,
        {{ compute_cost('effective_cost_usd') }} as compute_cost_usd,
        sum(costs.unconverted_charge_count) as unconverted_charge_count

    from costs
    left join sole_instances
        on
            costs.model_id = sole_instances.model_id
            and costs.event_date = sole_instances.event_date
    group by all

),

joined as (

    select
        coalesce(spent.model_id, served.model_id) as model_id,
        coalesce(spent.event_date, served.event_date) as event_date,
        coalesce(spent.instance_type, served.instance_type) as instance_type,
        spent.* exclude (model_id, event_date, instance_type),
        served.* exclude (model_id, event_date, instance_type)

    from spent
    full outer join served
        on
            spent.model_id = served.model_id
            and spent.event_date = served.event_date
            and spent.instance_type = served.instance_type

),

final as (

    select
        joined.model_id,

        joined.event_date,

        joined.instance_type,

        {% for basis in ['billed', 'effective', 'list', 'contracted'] -%}
        cast(joined.{{ basis }}_cost_usd as decimal(38, 12)) as {{ basis }}_cost_usd,
        {% endfor -%}
        {% for category in categories -%}
        cast(joined.{{ category }}_cost_usd as decimal(38, 12)) as {{ category }}_cost_usd,
        {% endfor -%}
        cast(joined.shared_cost_usd as decimal(38, 12)) as shared_cost_usd,
        cast(joined.compute_cost_usd as decimal(38, 12)) as compute_cost_usd,
        -- A day without logs has an unknown number of predictions, not none.
        cast(case when days.is_logged then coalesce(joined.prediction_count, 0) end as bigint) as prediction_count,
        cast(case when days.is_logged then coalesce(joined.request_count, 0) end as bigint) as request_count,
        cast(
            case
                when days.is_logged
                    then coalesce(joined.failed_request_count, 0) + coalesce(joined.retry_request_count, 0)
            end as bigint
        ) as wasted_request_count,
        cast(coalesce(joined.unconverted_charge_count, 0) as bigint) as unconverted_charge_count,
        {{ ratio('joined.compute_cost_usd', 'joined.prediction_count') }} as cost_per_prediction_usd,
        cast(joined.compute_cost_usd as double)
        * {{ ratio(
            'joined.failed_request_count + joined.retry_request_count',
            'joined.request_count + joined.retry_request_count'
        ) }} as waste_cost_usd

    from joined
    inner join models on joined.model_id = models.model_id
    left join days
        on
            joined.model_id = days.model_id
            and joined.event_date = days.event_date

)

select * from final
