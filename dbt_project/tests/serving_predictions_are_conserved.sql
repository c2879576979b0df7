-- On the days being built, whatever the logs hold is in the fact, over all models and `unmapped`; and what counts
-- there is in the mart.
with

logged as (

    select
        event_date,
        sum(prediction_count) as predictions,
        sum(request_count) as requests

    from {{ staged(sources_of_requests(), 'requests_hourly') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

),

kept as (

    select
        event_date,
        sum(prediction_count + excluded_prediction_count) as predictions,
        sum(request_count + retry_request_count + health_check_count) as requests,
        sum(prediction_count) as counted

    from {{ ref('fct_serving_hourly') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

),

shown as (

    select
        event_date,
        sum(prediction_count) as counted

    from {{ ref('mart_throughput_hourly') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

)

select *
from logged
full join kept on logged.event_date = kept.event_date
left join shown on kept.event_date = shown.event_date
where
    logged.predictions is distinct from kept.predictions
    or logged.requests is distinct from kept.requests
    or kept.counted is distinct from shown.counted
