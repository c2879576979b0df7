-- A prediction that is neither counted, unmapped nor a repeated delivery is one that the accuracy silently left out.
with

delivered as (

    select
        event_date,
        count(*) as delivered_count

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

),

repeated as (

    select
        event_date,
        count(*) as repeated_count

    from {{ ref('int_predictions__repeated') }}
    group by all

),

counted as (

    select
        event_date,
        sum(prediction_count) as prediction_count

    from {{ ref('fct_predictions_daily') }}
    where {{ in_days_to_rebuild('event_date') }}
    group by all

)

select
    coalesce(delivered.event_date, counted.event_date) as event_date,
    delivered.delivered_count,
    repeated.repeated_count,
    counted.prediction_count

from delivered
full join counted on delivered.event_date = counted.event_date
left join repeated on delivered.event_date = repeated.event_date
where delivered.delivered_count is distinct from counted.prediction_count + coalesce(repeated.repeated_count, 0)
