with

source as (

    {{ delivered('notes', 'notes') }}

),

renamed as (

    select
        note_id,
        model_id,

        noted_date as event_date,

        kind as note_kind,
        author_role,
        theme,
        sentiment,
        {{ plain_text('title') }} as title,
        -- The marks of a Markdown heading are no words.
        {{ plain_text("regexp_replace(text, '(?m)^#{1,6}[ \\t]+', '', 'g')") }} as text -- noqa: RF04

    from source
    qualify row_number() over (
        partition by note_id
        order by delivered_at desc nulls last, noted_date desc, _content_id asc, _row asc
    ) = 1

)

select * from renamed
