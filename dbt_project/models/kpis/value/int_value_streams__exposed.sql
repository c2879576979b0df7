with

streams as (select * from {{ source('catalog', 'value_streams') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

unit_values as (select * from {{ source('catalog', 'value_units') }}),

shares as (select * from {{ source('catalog', 'value_exposures') }}),

coverage as (

    select distinct
        day,
        case
            when list_contains({{ sources_of_requests() }}, source) then 'requests' else 'experiments'
        end as source_role
    from {{ source('ledger', 'coverage') }}
    where list_contains({{ sources_of_requests() + sources_of_experiments() }}, source)

),

days as (select * from {{ ref('dim_days') }}),

predictions as (

    select
        model_id,
        event_date,
        sum(prediction_count) as volume
    from {{ ref('fct_serving_hourly') }}
    group by model_id, event_date

),

exposed_users as (

    select
        experiment_id,
        variation_id,
        first_exposed_date as event_date,
        user_count as volume
    from {{ ref('fct_experiment_users_daily') }}
    where inclusion_status = 'counted'

),

treated_units as (

    select
        experiment_id,
        metric_id,
        outcome_date as event_date,
        count(*) as volume
    from {{ ref('int_outcomes__deduplicated') }}
    where outcome_date >= treated_from_date
    group by experiment_id, metric_id, outcome_date
    union all
    select
        experiment_id,
        metric_id,
        observed_date as event_date,
        sum(treatment) as volume
    from {{ ref('fct_study_units') }}
    where treatment > 0
    group by experiment_id, metric_id, observed_date

),

staged as (

    select distinct
        member_id,
        stream_id
    from shares

),

-- A stream is at work from its own first day, else from its experiment's.
at_work as (

    select
        streams.member_id as model_id,
        streams.stream_id,
        streams.experiment_id,
        streams.metric_id,
        streams.variation_id,
        streams.volume as volume_kind,
        streams.uplift,
        streams.direction,
        streams.declared_uplift,
        streams.volume_per_unit,
        streams.half_life_days,
        days.event_date,
        greatest(
            days.event_date - coalesce(experiments.valid_to, streams.valid_from, days.event_date), 0
        ) as age_days,
        case streams.volume when 'predictions' then 'requests' else 'experiments' end as source_role
    from streams
    left join experiments on streams.experiment_id = experiments.experiment_id
    cross join days
    where
        (days.event_date >= coalesce(streams.valid_from, experiments.valid_from, days.event_date))
        and (days.event_date < streams.valid_to or streams.valid_to is null)

),

final as (

    select
        at_work.model_id,
        at_work.stream_id,
        at_work.experiment_id,
        at_work.metric_id,
        at_work.variation_id,

        at_work.event_date,

        at_work.uplift,
        at_work.direction,

        at_work.declared_uplift,
        case at_work.volume_kind
            when 'predictions' then predictions.volume
            when 'exposed_users' then exposed_users.volume
            else treated_units.volume
        end as counted_volume,
        case
            when coverage.day is null then null
            when staged.stream_id is null then cast(1 as double)
            else coalesce(shares.exposed_share, 0)
        end as reached_share,
        cast(coalesce(counted_volume, 0) as double) * reached_share as exposed_volume,
        at_work.volume_per_unit,
        unit_values.unit_value_usd,
        cast(at_work.age_days as double) as age_days,
        at_work.half_life_days

    from at_work
    left join coverage
        on
            at_work.source_role = coverage.source_role
            and at_work.event_date = coverage.day
    left join predictions
        on
            at_work.model_id = predictions.model_id
            and at_work.event_date = predictions.event_date
    left join exposed_users
        on
            at_work.experiment_id = exposed_users.experiment_id
            and at_work.variation_id = exposed_users.variation_id
            and at_work.event_date = exposed_users.event_date
    left join treated_units
        on
            at_work.experiment_id = treated_units.experiment_id
            and at_work.metric_id = treated_units.metric_id
            and at_work.event_date = treated_units.event_date
    left join staged
        on
            at_work.model_id = staged.member_id
            and at_work.stream_id = staged.stream_id
    left join shares
        on
            at_work.model_id = shares.member_id
            and at_work.stream_id = shares.stream_id
            and {{ as_of('shares', 'at_work.event_date') }}
    left join unit_values
        on
            at_work.model_id = unit_values.member_id
            and at_work.stream_id = unit_values.stream_id
            and {{ as_of('unit_values', 'at_work.event_date') }}

)

select * from final
