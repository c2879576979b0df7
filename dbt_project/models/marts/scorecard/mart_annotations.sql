with

annotations as (select * from {{ ref('int_annotations__united') }}),

final as (

    select
        annotation_id,
        model_id,

        event_date,

        kind,
        title,
        note,
        source,
        url,

        starts_at,
        ends_at

    from annotations

)

select * from final
