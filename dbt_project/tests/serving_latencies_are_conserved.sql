-- On the days being built, histograms lose no request on their way from the logs to the quantiles.
with

logged as (

    select
        event_date,
        sum(request_count) as requests

    from {{ staged(sources_of_requests(), 'latency_hourly') }}
    where measure = 'latency' and environment = 'prod' and {{ in_days_to_rebuild('event_date') }}
    group by all

),

hourly as (

    select
        event_date,
        sum(latency_request_count) as requests

    from {{ ref('int_latency_hourly__quantiled') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

),

daily as (

    select
        event_date,
        sum(latency_request_count) as requests

    from {{ ref('mart_latency_daily') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

)

select *
from logged
full join hourly on logged.event_date = hourly.event_date
full join daily on logged.event_date = daily.event_date
where logged.requests is distinct from hourly.requests or logged.requests is distinct from daily.requests
