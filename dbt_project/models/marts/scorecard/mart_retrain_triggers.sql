with

windows as (

    select * from {{ ref('fct_drift_windows') }}
    where is_evaluable

),

declared as (

    select * from {{ source('catalog', 'drift') }}
    where retrain_window_count is not null

),

serving as (

    select * from {{ ref('fct_serving_hourly') }}
    where environment = 'prod' and prediction_count > 0

),

-- A version counts as deployed when it first answered; where serving logs do not say, when it first stood in the
-- feature log. One that comes back is not newer.
versions as (

    select
        model_id,
        model_version,
        min(first_seen_at) as first_seen_at

    from (
        select
            model_id,
            model_version,
            hour_at as first_seen_at
        from serving
        union all
        select
            model_id,
            model_version,
            window_start_at as first_seen_at
        from windows
        where model_id not in (select model_id from serving)
    ) as seen
    where model_version is not null
    group by all

),

spells as (

    select
        model_id,
        model_version,
        first_seen_at,
        lead(first_seen_at) over newest as next_seen_at,
        lead(model_version) over newest as next_version

    from versions
    window newest as (partition by model_id order by first_seen_at, model_version)

),

-- What drifted before a newer version was deployed says nothing of that version: counting begins anew with it.
counted as (

    select
        windows.*,
        spells.first_seen_at,
        spells.next_seen_at,
        spells.next_version,
        declared.retrain_window_count,
        declared.retrain_of_count,
        cast(sum(case when windows.is_drifted then 1 else 0 end) over since_deployment as bigint) as drifted_so_far,
        count(*) over since_deployment as tested_so_far

    from windows
    inner join declared on windows.model_id = declared.member_id
    asof left join spells
        on
            windows.model_id = spells.model_id
            and windows.window_start_at >= spells.first_seen_at
    window
        since_deployment as (
            partition by windows.model_id, spells.first_seen_at order by windows.window_start_at
            rows between unbounded preceding and current row
        )

),

trailing_counts as (

    select
        *,
        drifted_so_far - coalesce(
            lag(drifted_so_far, cast(retrain_of_count as integer)) over (
                partition by model_id, first_seen_at order by window_start_at
            ), 0
        ) as drifted_window_count

    from counted

),

raised as (

    select *
    from trailing_counts
    where drifted_window_count >= retrain_window_count
    qualify row_number() over (partition by model_id, first_seen_at order by window_start_at) = 1

),

final as (

    select
        model_id || '/drift/' || strftime(window_end_at, '%Y-%m-%dT%H') as trigger_id,
        model_id,

        window_end_at as raised_at,
        next_seen_at as closed_at,

        'drift' as reason,
        model_version,
        next_version as closing_version,
        worst_feature,

        next_seen_at is null as is_open,

        drifted_window_count,
        least(tested_so_far, retrain_of_count) as tested_window_count,
        max_psi

    from raised

)

select * from final
