with

windows as (

    select * from {{ ref('int_drift_windows__evaluated') }}
    where is_evaluable

),

declared as (

    select * from {{ source('catalog', 'drift') }}
    where retrain_window_count is not null

),

guardrails as (

    select * from {{ ref('mart_guardrails') }}
    where action = 'retrain' and is_breached

),

intervals as (select * from {{ ref('int_version_intervals__observed') }}),

-- Drift before a version was deployed says nothing about that version: each version is counted from 0.
counted as (

    select
        windows.*,
        intervals.first_seen_at,
        intervals.next_seen_at,
        intervals.next_version,
        declared.retrain_window_count,
        declared.retrain_of_count,
        cast(sum(case when windows.is_drifted then 1 else 0 end) over since_deployment as bigint) as drifted_so_far,
        count(*) over since_deployment as tested_so_far

    from windows
    inner join declared on windows.model_id = declared.member_id
    asof left join intervals
        on
            windows.model_id = intervals.model_id
            and windows.window_start_at >= intervals.first_seen_at
    window
        since_deployment as (
            partition by windows.model_id, intervals.first_seen_at order by windows.window_start_at
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

raised_by_drift as (

    select
        model_id,
        'drift' as reason,
        cast(null as varchar) as guardrail_id,
        window_end_at as raised_at,
        model_version,
        first_seen_at,
        next_seen_at,
        next_version,
        worst_feature,
        drifted_window_count,
        least(tested_so_far, retrain_of_count) as tested_window_count,
        max_psi,
        drifted_window_count || ' of the last ' || least(tested_so_far, retrain_of_count) || ' windows drifted, '
        || worst_feature || ' most (PSI ' || {{ number_text('max_psi') }} || ')' as evidence

    from trailing_counts
    where drifted_window_count >= retrain_window_count

),

-- A period belongs to the version that was newest when it began.
raised_by_guardrails as (

    select
        guardrails.model_id,
        'guardrail' as reason,
        guardrails.guardrail_id,
        guardrails.evaluated_at as raised_at,
        intervals.model_version,
        intervals.first_seen_at,
        intervals.next_seen_at,
        intervals.next_version,
        cast(null as varchar) as worst_feature,
        cast(null as bigint) as drifted_window_count,
        cast(null as bigint) as tested_window_count,
        cast(null as double) as max_psi,
        guardrails.evidence

    from guardrails
    asof left join intervals
        on
            guardrails.model_id = intervals.model_id
            and cast(guardrails.period_start_date as timestamp) >= intervals.answers_from_at

),

-- Once a version and reason; what was found out only after the next version had come is answered already.
raised as (

    select *
    from (
        select * from raised_by_drift
        union all
        select * from raised_by_guardrails
    ) as found
    where next_seen_at is null or raised_at < next_seen_at
    qualify
        row_number() over (
            partition by model_id, reason, guardrail_id, first_seen_at order by raised_at
        ) = 1

),

final as (

    select
        model_id || '/' || coalesce(guardrail_id, reason) || '/' || strftime(raised_at, '%Y-%m-%dT%H') as trigger_id,
        model_id,
        guardrail_id,

        raised_at,
        next_seen_at as closed_at,

        reason,
        model_version,
        next_version as closing_version,
        worst_feature,
        evidence,

        next_seen_at is null as is_open,

        drifted_window_count,
        tested_window_count,
        max_psi

    from raised

)

select * from final
