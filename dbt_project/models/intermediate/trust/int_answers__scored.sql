{{ config(materialized='table') }}

with

responses as (

    select *
    from {{ ref('int_responses__united') }}
    where response_status = 'live'

),

answers as (

    select
        'qualtrics' as source,
        *
    from {{ ref('stg_qualtrics__answers') }}

    union all

    select
        'typeform' as source,
        *
    from {{ ref('stg_typeform__answers') }}

),

surveys as (select * from {{ source('catalog', 'surveys') }}),

questions as (select * from {{ source('catalog', 'survey_questions') }}),

texts as (select * from {{ source('catalog', 'survey_answers') }}),

named as (

    select
        surveys.*,
        questions.purpose,
        questions.question,
        questions.question_rank

    from surveys
    inner join questions on surveys.survey_id = questions.survey_id

),

-- A question answers to its id, its column and its text, all the names it has had: the first named counts, so that
-- a response exported under two of them is one.
answered as (

    select
        named.survey_id,
        named.member_id as model_id,
        responses.source,
        responses.survey_key,
        responses.response_id,
        responses.event_date,
        named.purpose,
        named.measure,
        answers.answer,
        named.worst_score,
        named.best_score,
        responses.is_late,
        responses.submitted_at

    from responses
    inner join answers
        on
            responses.source = answers.source
            and responses.survey_key = answers.survey_key
            and responses.response_id = answers.response_id
    inner join named
        on
            answers.source = named.source
            and answers.survey_key = named.survey_key
            and (answers.question_id = named.question or answers.question_name = named.question)
            and {{ as_of('named', 'responses.event_date') }}
    qualify row_number() over (
        partition by named.survey_id, named.purpose, responses.response_id
        order by named.question_rank asc, answers.question_id asc
    ) = 1

),

-- `4`, `10 - Extremely likely`, and what the catalog says a text is worth.
scored as (

    select
        answered.*,
        try_cast(
            coalesce(
                cast(texts.score as varchar),
                nullif(regexp_extract(answered.answer, '^\s*(-?[0-9]+([.][0-9]+)?)(\s|$|[-–:=.)])', 1), '')
            ) as decimal(18, 4)
        ) as score

    from answered
    left join texts
        on
            answered.survey_id = texts.survey_id
            and trim(answered.answer) = texts.answer
            and answered.purpose = 'score'

),

final as (

    select
        survey_id,
        model_id,
        source,
        survey_key,
        response_id,

        event_date,

        purpose,
        measure,
        answer,

        is_late,

        submitted_at,

        worst_score,
        best_score,
        case
            when
                purpose = 'score'
                and score between least(worst_score, best_score) and greatest(worst_score, best_score)
                then score
        end as score

    from scored

)

select * from final
