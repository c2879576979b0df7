with

source as (

    {{ delivered('kserve', 'inference_services') }}

),

distinct_states as (

    select *
    from source
    qualify row_number() over (
        partition by inference_service, resource_version
        order by changed_at asc, delivered_at desc nulls last, _content_id asc, _row asc
    ) = 1

),

located as (

    select
        *,
        list_transform(string_split(storage_uri, ' '), lambda uri: {{ version_of_storage('uri') }}) as stored_versions

    from distinct_states

),

named as (

    select
        *,
        coalesce(
            version_label,
            -- If one of several places names no version, the others are incomplete.
            case when list_count(stored_versions) = len(stored_versions) then array_to_string(stored_versions, '+') end,
            revision,
            regexp_replace(storage_uri, '[?#][^ ]*', '', 'g')
        ) as version_name,
        {{ number_order('resource_version') }} as state_order

    from located

),

followed as (

    select
        *,
        lag(version_name) over (partition by inference_service, uid order by state_order asc) as previous_version_name,
        lag(observed) over (partition by inference_service, uid order by state_order asc) as previous_observed,
        lag(changed_at) over (partition by inference_service, uid order by state_order asc) as previous_changed_at

    from named

),

-- A new version is first asked for with the status of the one before, which says nothing of the new one.
observed as (

    select
        *,
        max_by(previous_observed, state_order) filter (where version_name <> previous_version_name) over (
            partition by inference_service, uid order by state_order asc
            rows between unbounded preceding and current row
        ) as former_observed,
        max_by(previous_changed_at, state_order) filter (where version_name <> previous_version_name) over (
            partition by inference_service, uid order by state_order asc
            rows between unbounded preceding and current row
        ) as former_changed_at

    from followed

),

renamed as (

    select
        inference_service,
        resource_version,
        {{ deployment_environment(
            "coalesce(environment, inference_service)", 'false', "coalesce(lower(environment), 'prod')"
        ) }} as environment,
        revision,
        version_name,

        is_ready and coalesce(observed <> former_observed, true) as is_ready,
        is_failed and coalesce(observed <> former_observed, true) as is_failed,

        -- A RawDeployment may stay Ready from one version to the next: then no condition has moved.
        coalesce(case when changed_at <= former_changed_at then written_at end, changed_at) as changed_at,
        case
            when changed_at > former_changed_at or former_changed_at is null then moment_kind
            when written_at is not null then 'status_written'
            else 'version_before'
        end as moment_kind,

        traffic_percent

    from observed

)

select * from renamed
