-- Joining cost by instance type to predictions by instance type must not count a prediction twice.
with

beside_cost as (

    select
        model_id,
        event_date,
        sum(prediction_count) as prediction_count

    from {{ ref('mart_cost_per_prediction_daily') }}
    where
        prediction_count > 0
        and {{ in_days_to_rebuild('event_date', forward=var('rate_holds_days')) }}
    group by all

),

served as (

    select
        serving.model_id,
        serving.event_date,
        sum(serving.prediction_count) as prediction_count

    from {{ ref('fct_serving_hourly') }} as serving
    inner join {{ ref('dim_models') }} as models on serving.model_id = models.model_id
    where
        serving.prediction_count > 0
        and {{ in_days_to_rebuild('serving.event_date', forward=var('rate_holds_days')) }}
    group by all

)

(
    from beside_cost
    except
    from served
)
union all
(
    from served
    except
    from beside_cost
)
