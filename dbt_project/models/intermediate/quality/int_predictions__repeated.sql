{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('event_date') }}"
) }}

with

predictions as (

    select * from {{ ref('stg_predictions__predictions') }}
    where {{ in_worklist('event_date') }}

),

-- Ids alone are counted first: ranking every row to find the few that repeat takes several times as long.
repeated as (

    select
        event_date,
        logged_name,
        prediction_id

    from predictions
    group by all
    having count(*) > 1

),

ranked as (

    select
        predictions.event_date,
        predictions.content_id,
        predictions.row_number,
        predictions.environment,
        row_number() over (
            partition by predictions.event_date, predictions.logged_name, predictions.prediction_id
            order by
                predictions.environment = 'prod' desc,
                predictions.predicted_at asc,
                predictions.content_id asc,
                predictions.row_number asc
        ) as delivery_number

    from predictions
    inner join repeated
        on
            predictions.event_date = repeated.event_date
            and predictions.logged_name = repeated.logged_name
            and predictions.prediction_id = repeated.prediction_id

),

final as (

    select
        event_date,
        content_id,
        row_number

    from ranked
    where delivery_number > 1

)

select * from final
