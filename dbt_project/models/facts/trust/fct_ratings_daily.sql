{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

ratings as (

    select * from {{ ref('stg_ratings__ratings') }}
    where {{ in_days_to_rebuild('event_date') }}

),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

final as (

    select
        coalesce(identifiers.member_id, 'unmapped') as model_id,

        ratings.event_date,

        ratings.measure,

        max(ratings.rated_at) as last_response_at,

        count(ratings.score) as response_count,
        count(ratings.score) filter (where ratings.is_late) as late_response_count,
        count(*) - count(ratings.score) as withdrawn_response_count,
        cast(sum(ratings.delivered_count) - count(*) as bigint) as duplicate_response_count,
        cast(coalesce(sum(ratings.score), 0) as decimal(38, 4)) as score_sum,
        cast(
            coalesce(sum(cast(ratings.score as decimal(16, 4)) * cast(ratings.score as decimal(16, 4))), 0)
            as decimal(38, 8)
        ) as score_square_sum

    from ratings
    {{ rated_model_join('ratings') }}
    group by all

)

select * from final
