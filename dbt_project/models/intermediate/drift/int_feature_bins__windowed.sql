{{ config(materialized='view') }}

with

logged as (select * from {{ ref('stg_features__bins_hourly') }}),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where source = 'features'

),

declared as (select * from {{ source('catalog', 'drift') }}),

names as (select * from {{ ref('int_feature_names__watched') }}),

final as (

    select
        coalesce(identifiers.member_id, 'unmapped') as model_id,

        {{ window_start('logged.hour_at', 'declared.window_hours') }} as window_start_at,
        logged.event_date,

        logged.logged_name,
        logged.model_version,
        logged.environment,
        coalesce(names.feature, logged.feature) as feature,
        logged.category,

        logged.bin_bits,
        logged.bin_value,
        logged.bin_low,
        logged.bin_high,
        logged.value_count

    from logged
    left join identifiers
        on
            logged.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'logged.event_date') }}
    left join declared on identifiers.member_id = declared.member_id
    left join names
        on
            identifiers.member_id = names.model_id
            and lower(logged.feature) = names.feature_key

)

select * from final
