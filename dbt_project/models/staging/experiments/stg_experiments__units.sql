with

source as (select * from {{ source('experiments', 'units') }}),

renamed as (

    select
        experiment_id as experiment_key,
        unit_id,
        metric_id,

        observed_date,

        outcome,
        treatment,
        instrument,
        covariates,

        _content_id,
        _row

    from source

)

select * from renamed
