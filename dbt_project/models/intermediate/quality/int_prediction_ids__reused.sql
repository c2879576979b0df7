{{ config(materialized='table') }}

{%- set window_days = var('label_window_days') %}

with

-- As in int_predictions__repeated: sorted hashes show which ids repeat.
hashed as (

    select hash(prediction_id) as id_hash

    from {{ ref('stg_predictions__predictions') }}
    where {{ in_days_to_rebuild('event_date', back=window_days, forward=window_days) }}

),

ordered as (

    select
        id_hash,
        lag(id_hash) over (order by id_hash) as previous_hash

    from hashed

),

final as (

    select distinct id_hash

    from ordered
    where id_hash = previous_hash

)

select * from final
