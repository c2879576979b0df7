with

answers as (

    select *
    from {{ ref('int_answers__scored') }}
    where purpose = 'comment'

),

scores as (

    select *
    from {{ ref('int_answers__scored') }}
    where purpose = 'score'

),

ratings as (

    select *
    from {{ ref('stg_ratings__ratings') }}
    where comment is not null and score is not null

),

identifiers as (

    select *
    from {{ source('catalog', 'identifiers') }}
    where source = 'ratings' and identifier_kind = 'model_name'

),

united as (

    select
        answers.source || ':' || answers.survey_id || ':' || answers.response_id as comment_id,
        answers.model_id,
        answers.event_date,
        answers.source,
        {{ plain_text('answers.answer') }} as text, -- noqa: RF04
        answers.measure,
        {{ ratio('scores.score - scores.worst_score', 'scores.best_score - scores.worst_score') }} as normalised_score

    from answers
    left join scores on answers.survey_id = scores.survey_id and answers.response_id = scores.response_id

    union all

    select
        'ratings:' || ratings.rating_id as comment_id,
        coalesce(identifiers.member_id, 'unmapped') as model_id,
        ratings.event_date,
        'ratings' as source,
        {{ plain_text('ratings.comment') }} as text, -- noqa: RF04
        ratings.measure,
        case when ratings.measure = 'stars' then (cast(ratings.score as double) - 1) / 4 else ratings.score end
            as normalised_score

    from ratings
    left join identifiers
        on
            ratings.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'ratings.event_date') }}

),

final as (

    select *
    from united
    where text is not null

)

select * from final
