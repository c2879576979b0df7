with

source as (

    {{ delivered('incident_io', 'attachments') }}

),

newest as (

    select *
    from source
    qualify row_number() over (
        partition by attachment_id
        order by delivered_at desc nulls last, _content_id asc, _row desc
    ) = 1

),

renamed as (

    select
        attachment_id as incident_io_attachment_id,
        incident_id as incident_io_incident_id,

        -- The id of a page or of an issue's number is not what other systems call it, where the address has that.
        case resource_type
            when 'pager_duty_incident'
                then
                    'pagerduty:'
                    || coalesce(nullif(regexp_extract(permalink, '/incidents/([A-Z0-9]+)', 1), ''), external_id)
            when 'jira_issue'
                then
                    'jira:'
                    || coalesce(nullif(regexp_extract(permalink, '/browse/([A-Z0-9_]+-[0-9]+)', 1), ''), external_id)
        end as linked_record,

        created_at

    from newest

)

select * from renamed
