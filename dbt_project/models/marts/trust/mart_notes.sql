with

notes as (select * from {{ ref('stg_notes__notes') }}),

comments as (select * from {{ ref('fct_comments') }}),

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
        comment_id as note_id,
        model_id,
        event_date,
        source,
        'comment' as note_kind,
        cast(null as varchar) as author_role,
        cast(null as varchar) as theme,
        cast(null as varchar) as sentiment,
        cast(null as varchar) as title,
        text,
        measure,
        normalised_score

    from comments

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
