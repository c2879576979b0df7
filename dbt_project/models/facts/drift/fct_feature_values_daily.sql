{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

bins as (

    select * from {{ ref('int_feature_bins__windowed') }}
    where {{ in_days_to_rebuild('event_date') }}

),

final as (

    select
        model_id,

        window_start_at,
        event_date,

        logged_name,
        model_version,
        environment,

        cast(sum(value_count) as bigint) as value_count,
        list_sort(list(distinct feature)) as features

    from bins
    group by all

)

select * from final
