with

serving as (

    select * from {{ ref('fct_serving_hourly') }}
    where environment = 'prod' and model_id <> 'unmapped' and prediction_count > 0

),

served as (

    select
        model_id,
        event_date,
        model_version,
        sum(prediction_count) as prediction_count,
        min(hour_at) as first_hour_at

    from serving
    group by all

),

final as (

    select
        model_id,
        event_date,
        model_version,
        prediction_count

    from served
    qualify
        row_number() over (
            partition by model_id, event_date order by prediction_count desc, first_hour_at desc, model_version desc
        ) = 1

)

select * from final
