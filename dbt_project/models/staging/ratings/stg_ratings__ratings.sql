with

source as (

    {{ delivered('ratings', 'ratings') }}

),

renamed as (

    select
        rating_id,
        user_id,

        _day as event_date,

        model_name as logged_name,
        kind as measure,
        comment,

        coalesce(recorded_at - rated_at > interval {{ var('late_response_hours') }} hour, false) as is_late,

        rated_at,

        cast(score as decimal(18, 4)) as score,
        -- A rating belongs to its day: days are rebuilt one by one.
        count(*) over (partition by _day, model_name, rating_id) as delivered_count

    from source
    qualify row_number() over (
        partition by _day, model_name, rating_id
        order by recorded_at desc nulls last, rated_at desc, delivered_at desc nulls last, _content_id asc, _row desc
    ) = 1

)

select * from renamed
