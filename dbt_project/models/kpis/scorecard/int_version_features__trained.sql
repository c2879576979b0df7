with

version_days as (select * from {{ ref('int_version_days__chosen') }}),

snapshots as (select * from {{ ref('int_snapshots__mapped') }}),

versions as (

    select
        model_id,
        model_version,
        max(event_date) as last_served_date

    from version_days
    group by all

),

counted as (

    select
        snapshots.model_id,
        snapshots.model_version,
        snapshots.snapshot_id,
        snapshots.taken_at,
        snapshots.feature,
        cast(sum(snapshots.value_count) as bigint) as value_count

    from snapshots
    group by all

),

final as (

    select
        versions.model_id,
        counted.snapshot_id as training_snapshot_id,

        counted.taken_at as training_snapshot_at,

        versions.model_version,
        counted.feature,

        counted.value_count

    from versions
    inner join counted
        on
            versions.model_id = counted.model_id
            and versions.model_version = counted.model_version
            and counted.taken_at < versions.last_served_date + interval 1 day
    qualify
        dense_rank() over (
            partition by versions.model_id, versions.model_version
            order by counted.taken_at desc, counted.snapshot_id asc
        ) = 1

)

select * from final
