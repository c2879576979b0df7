with

source as (

    {{ delivered('pagerduty', 'log_entries') }}

),

distinct_entries as (

    select *
    from source
    qualify row_number() over (
        partition by log_entry_id
        order by created_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

renamed as (

    select
        log_entry_id as pagerduty_log_entry_id,
        incident_id as pagerduty_incident_id,

        entry_type,
        agent_type,
        channel_type,

        created_at

    from distinct_entries

)

select * from renamed
