with

source as (

    {{ delivered('qualtrics', 'responses') }}

),

-- Exports overlap: the one that knows most of a response holds.
newest as (

    select
        *,
        count(*) over (partition by survey_key, response_id) as delivered_count

    from source
    qualify row_number() over (
        partition by survey_key, response_id
        order by recorded_at desc nulls last, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        survey_key,
        response_id,

        cast(submitted_at as date) as event_date,

        case
            -- The channel is in English, whatever the language of the export.
            when
                lower(status) like '%preview%' or lower(status) like '%test%'
                or status in ('1', '2', '9', '17') or lower(distribution_channel) in ('preview', 'test')
                then 'preview'
            when lower(status) like '%spam%' or status in ('8', '12', '40') then 'spam'
            when not is_finished then 'unfinished'
            else 'live'
        end as response_status,

        coalesce(recorded_at - submitted_at > interval {{ var('late_response_hours') }} hour, false) as is_late,

        submitted_at,

        delivered_count

    from newest

)

select * from renamed
