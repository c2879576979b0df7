with

source as (

    {{ delivered('campaigns', 'annotations') }}

),

renamed as (

    select
        campaign_id,

        kind,
        title,
        note,
        url,
        case when lower(coalesce(trim(models), 'all')) not in ('all', '') then models end as models,

        starts_at,
        ends_at

    from source
    qualify row_number() over (
        partition by campaign_id
        order by delivered_at desc nulls last, known_at desc, _content_id desc, _row desc
    ) = 1

)

select * from renamed
