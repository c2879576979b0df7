{{ config(materialized='view') }}

with

snapshots as (select * from {{ ref('stg_training__snapshots') }}),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where source = 'features'

),

names as (select * from {{ ref('int_feature_names__watched') }}),

final as (

    select
        identifiers.member_id as model_id,
        snapshots.snapshot_id,

        snapshots.taken_at,

        snapshots.model_version,
        coalesce(names.feature, snapshots.feature) as feature,
        snapshots.category,

        snapshots.bin_bits,
        snapshots.bin_value,
        snapshots.bin_low,
        snapshots.bin_high,
        snapshots.value_count

    from snapshots
    inner join identifiers
        on
            snapshots.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'snapshots.taken_date') }}
    left join names
        on
            identifiers.member_id = names.model_id
            and lower(snapshots.feature) = names.feature_key

)

select * from final
