with

predictions as (select * from {{ source('predictions', 'predictions') }}),

final as (

    select
        prediction_id,

        predicted_at,
        _day as event_date,

        model_name as logged_name,
        coalesce(model_version, 'unknown') as model_version,
        coalesce(endpoint, 'unknown') as endpoint,
        {{ environment_name('environment') }} as environment,
        prediction,
        scores,
        cohorts,

        score,

        _content_id as content_id,
        _row as row_number

    from predictions

)

select * from final
