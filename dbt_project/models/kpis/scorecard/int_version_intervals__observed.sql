with

windows as (

    select * from {{ ref('int_drift_windows__evaluated') }}
    where is_evaluable

),

serving as (

    select * from {{ ref('fct_serving_hourly') }}
    where environment = 'prod' and prediction_count > 0

),

-- A version counts as deployed when it first answered; where serving logs do not say, when it first was in the
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

final as (

    select
        model_id,
        model_version,
        first_seen_at,
        -- What came before the first version was seen can only be its doing.
        case
            when row_number() over newest = 1 then timestamp '0001-01-01' else first_seen_at
        end as answers_from_at,
        lead(first_seen_at) over newest as next_seen_at,
        lead(model_version) over newest as next_version

    from versions
    window newest as (partition by model_id order by first_seen_at, model_version)

)

select * from final
