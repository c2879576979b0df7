with

serving as (select * from {{ ref('fct_serving_hourly') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

models as (select * from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

predicted as (

    select
        model_id,
        event_date,
        sum(prediction_count) as prediction_count

    from serving
    group by all

),

covered as (

    select
        day as event_date,
        bool_or(list_contains({{ sources_of_bills() }}, source)) as is_billed,
        bool_or(list_contains({{ sources_of_requests() }}, source)) as is_logged

    from coverage
    group by all

),

final as (

    select
        models.model_id,

        days.event_date,

        coalesce(covered.is_billed, false) as is_billed,
        coalesce(covered.is_logged, false) as is_logged,

        case when covered.is_logged then coalesce(predicted.prediction_count, 0) end as prediction_count

    from models
    cross join days
    left join covered on days.event_date = covered.event_date
    left join predicted
        on
            models.model_id = predicted.model_id
            and days.event_date = predicted.event_date

)

select * from final
