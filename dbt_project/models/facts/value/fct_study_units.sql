{{ config(materialized='view') }}

with

units as (

    select
        experiments.experiment_id,
        units.*
    from {{ ref('stg_experiments__units') }} as units
    inner join {{ source('catalog', 'experiments') }} as experiments
        on
            units.experiment_key = experiments.experiment_key
            and experiments.design in ('matched', 'iv')
            and {{ as_of('experiments', 'units.observed_date') }}

),

covariates as (select * from {{ source('catalog', 'experiment_covariates') }}),

delivered as (

    {{ deliveries('experiments') }}

),

newest as (

    select units.*
    from units
    left join delivered on units._content_id = delivered.content_id
    qualify row_number() over (
        partition by units.experiment_id, units.metric_id, units.unit_id
        order by
            delivered.delivered_at desc nulls last, units.observed_date desc, units._content_id asc, units._row asc
    ) = 1

),

described as (

    select
        newest.experiment_id,
        newest.metric_id,
        newest.unit_id,
        try_cast({{ json_property('newest.covariates', 'covariates.covariate') }} as double) as number,
        covariates.position
    from newest
    inner join covariates on newest.experiment_id = covariates.experiment_id

),

gathered as (

    select
        experiment_id,
        metric_id,
        unit_id,
        list(number order by position) as covariate_values,
        bool_and(coalesce(isfinite(number), false)) as is_described
    from described
    group by experiment_id, metric_id, unit_id

),

final as (

    select
        newest.experiment_id,
        newest.metric_id,
        newest.unit_id,

        newest.observed_date,

        coalesce(gathered.is_described, true) and (
            experiments.design = 'matched' or newest.instrument is not null
        ) as is_complete,

        cast(newest.outcome as double) as outcome,
        cast(newest.treatment as double) as treatment,
        cast(newest.instrument as double) as instrument,
        coalesce(gathered.covariate_values, []) as covariate_values

    from newest
    inner join {{ source('catalog', 'experiments') }} as experiments on newest.experiment_id = experiments.experiment_id
    left join gathered
        on
            newest.experiment_id = gathered.experiment_id
            and newest.metric_id = gathered.metric_id
            and newest.unit_id = gathered.unit_id

)

select * from final
order by experiment_id, metric_id, unit_id
