{{ config(materialized='table') }}

{%- set most_names = 3 %}

with

watched as (select * from {{ source('catalog', 'drift_features') }}),

counted as (

    select * from {{ ref('fct_feature_values_daily') }}
    where environment = 'prod'

),

snapshots as (select * from {{ ref('int_snapshots__mapped') }}),

newest as (

    select
        model_id,
        arg_max(snapshot_id, (taken_at, snapshot_id)) as snapshot_id

    from snapshots
    group by model_id

),

columns_found as (

    select distinct
        model_id,
        'is in no feature log' as finding,
        unnest(features) as feature

    from counted

    union all

    select distinct
        snapshots.model_id,
        'is not in the newest training snapshot' as finding,
        snapshots.feature

    from snapshots
    inner join newest
        on
            snapshots.model_id = newest.model_id
            and snapshots.snapshot_id = newest.snapshot_id

),

places as (

    select distinct
        model_id,
        finding

    from columns_found

),

missing as (

    select
        places.model_id,
        places.finding,
        watched.feature,
        regexp_replace(lower(watched.feature), '[^0-9a-z]', '', 'g') as letters

    from places
    inner join watched on places.model_id = watched.member_id
    anti join columns_found
        on
            places.model_id = columns_found.model_id
            and places.finding = columns_found.finding
            and watched.feature = columns_found.feature

),

-- A column that is watched under its own name is no other's.
others as (

    select
        columns_found.*,
        regexp_replace(lower(columns_found.feature), '[^0-9a-z]', '', 'g') as letters

    from columns_found
    anti join watched
        on
            columns_found.model_id = watched.member_id
            and columns_found.feature = watched.feature

),

near as (

    select
        missing.model_id,
        missing.finding,
        missing.feature,
        array_to_string(
            list_slice(
                list(
                    others.feature
                    order by jaro_winkler_similarity(others.letters, missing.letters) desc, others.feature
                ),
                1,
                {{ most_names }}
            ),
            ', '
        ) as near_names

    from missing
    inner join others
        on
            missing.model_id = others.model_id
            and missing.finding = others.finding
            and (
                contains(others.letters, missing.letters)
                or (length(others.letters) > 2 and contains(missing.letters, others.letters))
                or jaro_winkler_similarity(others.letters, missing.letters) >= 0.9
            )
    group by all

),

final as (

    select
        missing.model_id,

        missing.feature,
        missing.feature || ' ' || missing.finding
        || coalesce(' (found there: ' || near.near_names || ')', ', nor a column called alike') as reason

    from missing
    left join near
        on
            missing.model_id = near.model_id
            and missing.finding = near.finding
            and missing.feature = near.feature

)

select * from final
