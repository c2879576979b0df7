{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

-- Only the hashes of the ids are read first, sorted: ranking every row to find the few that repeat takes several times
-- as long, and grouping the hashes a third longer. Two ids with the same hash are separated when ranked.
hashed as (

    select
        event_date,
        hash(logged_name, prediction_id) as id_hash

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_days_to_rebuild('event_date') }}

),

ordered as (

    select
        *,
        lag(id_hash) over (partition by event_date order by id_hash) as previous_hash

    from hashed

),

repeated as (

    select distinct
        event_date,
        id_hash

    from ordered
    where id_hash = previous_hash

),

predictions as (

    select
        *,
        hash(logged_name, prediction_id) as id_hash

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_days_to_rebuild('event_date') }}

),

deliveries as (

    {{ deliveries('predictions') }}

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
                deliveries.delivered_at desc nulls last,
                predictions.content_id asc,
                predictions.row_number asc
        ) as delivery_number

    from predictions
    inner join repeated
        on
            predictions.event_date = repeated.event_date
            and predictions.id_hash = repeated.id_hash
    left join deliveries on predictions.content_id = deliveries.content_id

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
