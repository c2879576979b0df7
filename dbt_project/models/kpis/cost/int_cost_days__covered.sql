with

serving as (select * from {{ ref('fct_serving_hourly') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

request_days as (

    select * from {{ ref('int_request_days__covered') }}
    where model_id <> 'unmapped'

),

predicted as (

    select
        model_id,
        event_date,
        sum(prediction_count) as prediction_count

    from serving
    group by all

),

billed as (

    select distinct day as event_date

    from coverage
    where list_contains({{ sources_of_bills() }}, source)

),

final as (

    select
        request_days.model_id,

        request_days.event_date,

        billed.event_date is not null as is_billed,
        request_days.is_logged,

        case when request_days.is_logged then coalesce(predicted.prediction_count, 0) end as prediction_count

    from request_days
    left join billed on request_days.event_date = billed.event_date
    left join predicted
        on
            request_days.model_id = predicted.model_id
            and request_days.event_date = predicted.event_date

)

select * from final
