-- A label is received once, whether it finds no prediction, one, or one each of several models with the same ids.
with

delivered as (

    select
        labelled_date,
        count(*) as delivered_count

    from {{ ref('stg_predictions__labels') }}
    where {{ in_days_to_rebuild('labelled_date') }}
    group by all

),

counted as (

    select
        labelled_date,
        sum(received_label_count) as received_label_count

    from {{ ref('fct_outcomes_daily') }}
    where {{ in_days_to_rebuild('labelled_date') }} and received_label_count > 0
    group by all

)

select
    coalesce(delivered.labelled_date, counted.labelled_date) as labelled_date,
    delivered.delivered_count,
    counted.received_label_count

from delivered
full join counted on delivered.labelled_date = counted.labelled_date
where delivered.delivered_count is distinct from counted.received_label_count
