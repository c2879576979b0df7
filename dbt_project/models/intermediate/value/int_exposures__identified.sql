{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_days_to_rebuild('event_date') }}"
) }}

with

exposures as (

    select * from {{ ref('stg_experiments__exposures') }}
    where {{ in_days_to_rebuild('event_date') }}

),

experiments as (select * from {{ source('catalog', 'experiments') }}),

rules as (select * from {{ source('catalog', 'excluded_users') }}),

folded as (

    select
        experiment_key,
        user_id,
        variation_id,
        event_date,
        min(exposed_at) as first_exposed_at,
        count(distinct exposed_at) as exposure_count,
        count(*) as delivered_count,
        any_value(attributes) as attributes
    from exposures
    group by experiment_key, user_id, variation_id, event_date

),

excluded as (

    select distinct
        folded.experiment_key,
        folded.user_id
    from folded
    inner join rules
        on
            case rules.match_kind
                when 'equals' then {{ excluded_property() }} = rules.pattern
                when 'suffix' then ends_with(lower({{ excluded_property() }}), lower(rules.pattern))
                when 'glob' then {{ excluded_property() }} glob rules.pattern
            end

),

final as (

    select
        coalesce(experiments.experiment_id, 'unmapped') as experiment_id,
        folded.experiment_key,
        folded.user_id,
        folded.variation_id,

        folded.event_date,
        folded.first_exposed_at,

        excluded.user_id is not null as is_excluded,
        coalesce(
            {{ as_of('experiments', 'folded.event_date') }},
            false
        ) as is_while_running,

        folded.exposure_count,
        folded.delivered_count

    from folded
    left join experiments on folded.experiment_key = experiments.experiment_key
    left join excluded
        on
            folded.experiment_key = excluded.experiment_key
            and folded.user_id = excluded.user_id

)

select * from final
