{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if is_incremental() %} delete from {{ this }} where {{ runs_in_days_to_rebuild('experiment_id') }} {% endif %}"
) }}

with

exposures as (

    select * from {{ ref('int_exposures__identified') }}
    where is_while_running and {{ runs_in_days_to_rebuild('experiment_id') }}

),

experiments as (select * from {{ source('catalog', 'experiments') }}),

variations as (select * from {{ source('catalog', 'experiment_variations') }}),

users as (

    select
        experiment_id,
        user_id,
        arg_min(variation_id, (first_exposed_at, variation_id)) as variation_id,
        min(first_exposed_at) as first_exposed_at,
        bool_or(is_excluded) as is_excluded,
        count(distinct variation_id) as variation_count,
        sum(exposure_count) as exposure_count,
        sum(delivered_count) as delivered_count
    from exposures
    group by experiment_id, user_id

),

final as (

    select
        users.experiment_id,
        users.user_id,
        users.variation_id,

        cast(users.first_exposed_at as date) as first_exposed_date,
        users.first_exposed_at,
        users.first_exposed_at + to_hours({{ conversion_hours('experiments') }}) as window_until_at,

        case
            when users.is_excluded then 'excluded'
            when users.variation_count > 1 then 'several_variants'
            when variations.variation_id is null then 'unknown_variant'
            else 'counted'
        end as inclusion_status,

        cast(users.exposure_count as bigint) as exposure_count,
        cast(users.delivered_count as bigint) as delivered_count

    from users
    inner join experiments on users.experiment_id = experiments.experiment_id
    left join variations
        on
            users.experiment_id = variations.experiment_id
            and users.variation_id = variations.variation_id

)

select * from final
