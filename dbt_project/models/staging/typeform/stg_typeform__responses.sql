with

source as (

    {{ delivered('typeform', 'responses') }}

),

newest as (

    select
        *,
        count(*) over (partition by survey_key, response_id) as delivered_count

    from source
    qualify row_number() over (
        partition by survey_key, response_id
        order by is_finished desc, submitted_at desc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        survey_key,
        response_id,

        cast(submitted_at as date) as event_date,

        case when is_finished then 'live' else 'unfinished' end as response_status,

        submitted_at,

        delivered_count

    from newest

)

select * from renamed
