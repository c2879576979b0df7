with

labels as (select * from {{ source('predictions', 'labels') }}),

final as (

    select
        prediction_id,

        labelled_at,
        _day as labelled_date,

        coalesce(label_source, 'production') as label_source,
        label,
        model_name as logged_name,

        _content_id as content_id,
        _row as row_number

    from labels

)

select * from final
