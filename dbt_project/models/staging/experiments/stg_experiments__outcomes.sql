with

source as (select * from {{ source('experiments', 'outcomes') }}),

renamed as (

    select
        experiment_id as experiment_key,
        unit_id,
        metric_id,

        outcome_date,
        treated_from_date,

        outcome,

        _content_id,
        _row

    from source

)

select * from renamed
