with

notes as (select * from {{ ref('stg_notes__notes') }}),

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

models as (select * from {{ ref('dim_models') }}),

united as (

    select
        'notes:' || notes.note_id as note_id,
        coalesce(models.model_id, 'unmapped') as model_id,
        notes.event_date,
        'notes' as source,
        notes.note_kind,
        notes.author_role,
        notes.theme,
        notes.sentiment,
        notes.title,
        notes.text,
        cast(null as varchar) as measure,
        cast(null as double) as normalised_score

    from notes
    left join models on notes.model_id = models.model_id

    union all

    select
        answers.source || ':' || answers.survey_id || ':' || answers.response_id as note_id,
        answers.model_id,
        answers.event_date,
        answers.source,
        'comment' as note_kind,
        cast(null as varchar) as author_role,
        cast(null as varchar) as theme,
        cast(null as varchar) as sentiment,
        cast(null as varchar) as title,
        {{ plain_text('answers.answer') }} as text, -- noqa: RF04
        answers.measure,
        {{ ratio('scores.score - scores.worst_score', 'scores.best_score - scores.worst_score') }} as normalised_score

    from answers
    left join scores on answers.survey_id = scores.survey_id and answers.response_id = scores.response_id

    union all

    select
        'ratings:' || ratings.rating_id as note_id,
        coalesce(identifiers.member_id, 'unmapped') as model_id,
        ratings.event_date,
        'ratings' as source,
        'comment' as note_kind,
        cast(null as varchar) as author_role,
        cast(null as varchar) as theme,
        cast(null as varchar) as sentiment,
        cast(null as varchar) as title,
        {{ plain_text('ratings.comment') }} as text, -- noqa: RF04
        ratings.measure,
        case when ratings.measure = 'stars' then (cast(ratings.score as double) - 1) / 4 else ratings.score end
            as normalised_score

    from ratings
    left join identifiers
        on
            ratings.logged_name = identifiers.identifier_value
            and (ratings.event_date >= identifiers.valid_from or identifiers.valid_from is null)
            and (ratings.event_date < identifiers.valid_to or identifiers.valid_to is null)

),

final as (

    select
        note_id,
        model_id,

        event_date,

        source,
        note_kind,
        author_role,
        theme,
        sentiment,
        title,
        text,
        measure,

        normalised_score

    from united
    where text is not null

)

select * from final
