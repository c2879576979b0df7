{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('superseded_date', forward=var('label_window_days')) }}"
) }}

{%- set window_days = var('label_window_days') %}

with

-- As in int_predictions__repeated: sorted hashes first, the ids themselves afterwards.
hashed as (

    select hash(prediction_id, label_source, coalesce(logged_name, '')) as id_hash

    from {{ ref('stg_predictions__labels') }}
    where {{ in_days_to_rebuild('labelled_date', back=window_days, forward=window_days) }}

),

ordered as (

    select
        id_hash,
        lag(id_hash) over (order by id_hash) as previous_hash

    from hashed

),

repeated as (

    select distinct id_hash

    from ordered
    where id_hash = previous_hash

),

labels as (

    select
        *,
        hash(prediction_id, label_source, coalesce(logged_name, '')) as id_hash

    from {{ ref('stg_predictions__labels') }}
    where {{ in_days_to_rebuild('labelled_date', back=window_days, forward=window_days) }}

),

deliveries as (

    {{ deliveries('predictions') }}

),

followed as (

    select
        labels.content_id,
        labels.row_number,
        labels.labelled_date,
        lead(labels.labelled_at) over (
            partition by labels.prediction_id, labels.label_source, coalesce(labels.logged_name, '')
            order by
                labels.labelled_at asc,
                deliveries.delivered_at asc nulls first,
                labels.content_id asc,
                labels.row_number asc
        ) as superseded_at

    from labels
    inner join repeated on labels.id_hash = repeated.id_hash
    left join deliveries on labels.content_id = deliveries.content_id

),

final as (

    select
        content_id,
        row_number,
        labelled_date,
        superseded_at,
        cast(superseded_at as date) as superseded_date

    from followed
    where
        cast(superseded_at as date) <= labelled_date + {{ window_days }}
        and {{ in_days_to_rebuild('cast(superseded_at as date)', forward=window_days) }}

)

select * from final
