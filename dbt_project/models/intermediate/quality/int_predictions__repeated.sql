{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ clear_worklist('event_date') }}"
) }}

with

-- Ids alone are counted first, and as numbers: ranking every row to find the few that repeat takes several times as
-- long. Two ids of one number are told apart when their rows are ranked.
counted as (

    select
        event_date,
        hash(logged_name, prediction_id) as id_hash

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_worklist('event_date') }}
    group by all
    having count(*) > 1

),

predictions as (

    select
        *,
        hash(logged_name, prediction_id) as id_hash

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_worklist('event_date') }}

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
    inner join counted
        on
            predictions.event_date = counted.event_date
            and predictions.id_hash = counted.id_hash

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
