with

source as (

    {{ delivered('pagerduty', 'incidents') }}

),

-- An export may leave the custom fields out: then what an earlier one said of them holds.
newest as (

    select
        * replace (
            first_value(impact_started_at ignore nulls) over newest_first as impact_started_at,
            first_value(linked_records ignore nulls) over newest_first as linked_records
        )

    from source
    window
        newest_first as (
            partition by incident_id
            order by
                coalesce(updated_at, last_status_change_at, created_at) desc,
                last_status_change_at desc nulls last,
                delivered_at desc nulls last,
                _content_id asc,
                _row desc
            rows between unbounded preceding and unbounded following
        )
    qualify row_number() over newest_first = 1

),

renamed as (

    select
        incident_id as pagerduty_incident_id,
        merged_into_incident_id as merged_into_pagerduty_incident_id,
        service_id as pagerduty_service_id,

        incident_number,
        title,
        html_url as url,
        service_name,
        status,
        urgency,
        {{ incident_severity('priority_name') }} as severity,
        resolve_reason_type,
        last_status_change_by_type,
        linked_records,

        coalesce(resolve_reason_type = 'merge_resolve_reason', false) as is_merged,

        impact_started_at,
        created_at,
        updated_at,
        last_status_change_at,
        resolved_at

    from newest

)

select * from renamed
