with

source as (

    {{ delivered('typeform', 'answers') }}

),

renamed as (

    select
        survey_key,
        response_id,
        question_id,

        question_name,
        answer

    from source
    qualify row_number() over (
        partition by survey_key, response_id, question_id
        order by submitted_at desc, delivered_at desc nulls last, _content_id asc, _row asc, answer asc
    ) = 1

)

select * from renamed
