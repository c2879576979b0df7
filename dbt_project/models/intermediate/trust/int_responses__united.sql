with

qualtrics as (select * from {{ ref('stg_qualtrics__responses') }}),

typeform as (select * from {{ ref('stg_typeform__responses') }}),

final as (

    select
        'qualtrics' as source,
        survey_key,
        response_id,
        event_date,
        response_status,
        is_late,
        submitted_at,
        delivered_count

    from qualtrics

    union all

    select
        'typeform' as source,
        survey_key,
        response_id,
        event_date,
        response_status,
        false as is_late,
        submitted_at,
        delivered_count

    from typeform

)

select * from final
