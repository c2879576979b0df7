with

source as (

    {{ delivered('qualtrics', 'answers') }}

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
        order by recorded_at desc nulls last, delivered_at desc nulls last, _content_id asc, _row asc, question_name asc
    ) = 1

)

select * from renamed
