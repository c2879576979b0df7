with

reduced as (select * from {{ ref('fct_experiment_cohorts_daily') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

metrics as (select * from {{ source('catalog', 'experiment_metrics') }}),

variations as (select * from {{ source('catalog', 'experiment_variations') }}),

arrivals as (

    select
        experiment_id,
        metric_id,
        min(first_exposed_date) as first_exposed_date,
        max(first_exposed_date) as last_exposed_date,
        cast(sum(unit_count) as bigint) as experiment_unit_count
    from reduced
    group by experiment_id, metric_id

),

controls as (

    select
        reduced.experiment_id,
        reduced.metric_id,
        cast(sum(reduced.unit_count) as bigint) as unit_count,
        cast(sum(reduced.sum_x) as double) as sum_x,
        cast(sum(reduced.sum_xx) as double) as sum_xx,
        cast(sum(reduced.sum_d) as double) as sum_d,
        cast(sum(reduced.sum_dd) as double) as sum_dd,
        cast(sum(reduced.sum_xd) as double) as sum_xd
    from reduced
    inner join variations
        on
            reduced.experiment_id = variations.experiment_id
            and reduced.variation_id = variations.variation_id
    where variations.is_control
    group by reduced.experiment_id, reduced.metric_id

),

final as (

    select
        experiments.member_id as model_id,
        controls.experiment_id,
        controls.metric_id,

        arrivals.first_exposed_date,
        arrivals.last_exposed_date,

        metrics.name as metric_name,
        metrics.kind as metric_kind,

        controls.unit_count,
        controls.sum_x,
        controls.sum_xx,
        controls.sum_d,
        controls.sum_dd,
        controls.sum_xd,
        arrivals.experiment_unit_count,
        cast(arrivals.last_exposed_date - arrivals.first_exposed_date + 1 as bigint) as exposed_day_count,
        {{ ratio(
            'arrivals.experiment_unit_count', 'arrivals.last_exposed_date - arrivals.first_exposed_date + 1'
        ) }} as units_per_day

    from controls
    inner join arrivals
        on
            controls.experiment_id = arrivals.experiment_id
            and controls.metric_id = arrivals.metric_id
    inner join experiments on controls.experiment_id = experiments.experiment_id
    inner join metrics
        on
            controls.experiment_id = metrics.experiment_id
            and controls.metric_id = metrics.metric_id
    -- A quantile is no mean of units: its error is not in these sums.
    where metrics.kind <> 'quantile'

)

select * from final
