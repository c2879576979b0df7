with

source as (

    {{ delivered('change_records', 'change_requests') }}

),

-- A number is the state of ServiceNow's own model; a company's own states are open until they have an end or a code.
stated as (

    select
        *,
        coalesce(lower(trim(state)) in ('4', 'canceled', 'cancelled'), false) as is_cancelled,
        coalesce(lower(trim(state)) in ('3', 'closed'), false) as is_closed,
        work_ended_at is null
        and coalesce(
            lower(trim(state)) in (
                '-5', '-4', '-3', '-2', '-1', '0', 'new', 'assess', 'authorize', 'scheduled', 'implement', 'review'
            ),
            false
        ) as is_open

    from source

),

closings as (

    select
        change_number,
        min(updated_at) as closed_at

    from stated
    where close_code is not null and not is_open
    group by change_number

),

newest as (

    select *
    from stated
    qualify row_number() over (
        partition by change_number
        order by
            coalesce(updated_at, created_at) desc,
            -- ServiceNow counts in seconds: a change may be closed in the one it was last seen open in.
            (close_code is not null) desc,
            delivered_at desc nulls last,
            _content_id asc,
            _row asc
    ) = 1

),

worded as (

    select
        *,
        regexp_matches(
            lower(short_description), '(^|[^a-z])(deploy|release|promot|roll[ -]?out|go[ -]?live|roll[ -]?back|revert)'
        ) as names_a_deployment,
        -- Of "roll back from v3 to v2" it is the second that goes live.
        coalesce(
            nullif(regexp_extract(short_description, '(?i) to (v?[0-9]+([.][0-9]+)*)([^0-9a-z.]|$)', 1), ''),
            nullif(regexp_extract(short_description, '(?i)(^|[^0-9a-z.])(v[0-9]+([.][0-9]+)*)([^0-9a-z]|$)', 2), '')
        ) as named_version

    from newest

),

renamed as (

    select
        worded.change_number,
        worded.configuration_item,
        {{ deployment_environment(
            "coalesce(worded.environment, worded.short_description)", 'false', "coalesce(lower(worded.environment), 'prod')"
        ) }} as environment,
        worded.short_description,
        coalesce(worded.model_version, case when worded.names_a_deployment then worded.named_version end)
            as version_name,
        case
            when worded.is_open or worded.is_cancelled then null
            when lower(worded.close_code) like 'successful%' then 'succeeded'
            when lower(worded.close_code) like 'unsuccessful%' then 'failed'
        end as outcome,

        coalesce(regexp_matches(lower(worded.short_description), '(^|[^a-z])(roll[ -]?back|revert)'), false)
            as is_rollback_stated,
        worded.close_code is null
        and not worded.is_cancelled
        and (worded.work_ended_at is not null or worded.is_closed) as is_outcome_missing,

        worded.created_at,
        coalesce(worded.work_ended_at, closings.closed_at) as ended_at

    from worded
    left join closings on worded.change_number = closings.change_number

)

select * from renamed
