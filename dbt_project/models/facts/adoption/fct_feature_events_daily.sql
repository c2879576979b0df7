{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

events as (

    select * from {{ ref('int_events__unified') }}
    where {{ in_days_to_rebuild('event_date') }}

),

final as (

    select
        model_id,

        event_date,

        source,

        count(*) as event_count

    from events
    group by all

)

select * from final
