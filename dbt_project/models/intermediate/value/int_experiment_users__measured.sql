{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if is_incremental() %} delete from {{ this }} where {{ cohort_in_reach('first_exposed_date') }} {% endif %}"
) }}

with

experiments as (select * from {{ source('catalog', 'experiments') }}),

metrics as (select * from {{ source('catalog', 'experiment_metrics') }}),

users as (

    select
        assigned.experiment_id,
        assigned.user_id,
        assigned.first_exposed_date,
        assigned.first_exposed_at,
        assigned.window_until_at,
        assigned.first_exposed_at - to_days(cast(coalesce(experiments.pre_period_days, 0) as integer)) as past_from_at
    from {{ ref('int_experiment_users__assigned') }} as assigned
    inner join experiments on assigned.experiment_id = experiments.experiment_id
    where {{ cohort_in_reach('assigned.first_exposed_date') }}

),

reach as (

    select
        cast(min(past_from_at) as date) as first_date,
        cast(max(window_until_at) as date) as last_date
    from users

),

events as (

    select events.*
    from {{ ref('stg_experiments__events') }} as events
    cross join reach
    where events.event_date between reach.first_date and reach.last_date
    -- Without an id, duplicates cannot be recognised: each row is an event.
    qualify
        events.event_id is null
        or row_number() over (
            partition by events.event_date, events.user_id, events.event_name, events.event_id
            order by events.delivered_at desc nulls last, events.event_at asc, events.amount asc
        ) = 1

),

-- What each event adds to a user's sums of a metric.
parts as (

    select
        users.experiment_id,
        users.user_id,
        metrics.metric_id,
        events.event_at < users.first_exposed_at as is_past,
        metrics.event_name = events.event_name as is_counted,
        metrics.kind in ('mean', 'proportion') as has_past,
        case metrics.summed when 'amount' then events.amount else 1 end as part
    from users
    inner join metrics on users.experiment_id = metrics.experiment_id
    inner join events
        on
            users.user_id = events.user_id
            and users.past_from_at <= events.event_at
            and users.window_until_at > events.event_at
            and events.event_name in (metrics.event_name, metrics.per_event_name)

),

sums as (

    select
        experiment_id,
        user_id,
        metric_id,
        sum(part) filter (where is_counted and not is_past) as x,
        count(*) filter (where not is_counted and not is_past) as d,
        sum(part) filter (where is_counted and is_past) as past,
        -- An amount that is not known is no 0: nobody knows what the user's add up to.
        count(*) filter (where is_counted and (has_past or not is_past) and part is null) > 0 as is_unknown
    from parts
    group by experiment_id, user_id, metric_id

),

valued as (

    select
        users.experiment_id,
        users.user_id,
        metrics.metric_id,

        users.first_exposed_date,

        cast({{ per_user('metrics.kind', 'sums.x') }} as decimal(18, 6)) as x,
        cast(case when metrics.kind = 'ratio' then coalesce(sums.d, 0) end as decimal(18, 6)) as d,
        cast(
            case
                when experiments.pre_period_days is not null and metrics.kind in ('mean', 'proportion')
                    then {{ per_user('metrics.kind', 'sums.past') }}
            end as decimal(18, 6)
        ) as past,
        coalesce(sums.is_unknown, false) as is_unknown

    from users
    inner join experiments on users.experiment_id = experiments.experiment_id
    inner join metrics on users.experiment_id = metrics.experiment_id
    left join sums
        on
            users.experiment_id = sums.experiment_id
            and users.user_id = sums.user_id
            and metrics.metric_id = sums.metric_id

),

final as (

    select
        * exclude (x, d, past, is_unknown),
        case when not is_unknown then x end as x,
        case when not is_unknown then d end as d,
        case when not is_unknown then past end as past

    from valued

)

select * from final
