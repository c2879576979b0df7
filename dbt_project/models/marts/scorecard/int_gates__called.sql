with

gates as (

    select
        *,
        case
            when status = 'failed' then 'failed'
            when status = 'waiting_for_data' then 'unmeasured'
            when sign_off_role is null then 'untargeted'
            else 'unsigned'
        end as open_reason,
        case when status <> 'failed' then sign_off_role end as missing_role
    from {{ ref('mart_decision_gates') }}
    where status in ('failed', 'waiting_for_person', 'waiting_for_data')

),

summed as (

    select
        model_id,
        string_agg(distinct gate_id, ',' order by gate_id) as gate_ids,
        string_agg(distinct missing_role, ',' order by missing_role) as sign_off_roles,
        count(distinct gate_id) as gate_count,
        count(*) as criterion_count,
        count(*) filter (where open_reason = 'failed') as failed_count,
        count(*) filter (where open_reason = 'unsigned') as unsigned_count,
        count(*) filter (where open_reason = 'unmeasured') as unmeasured_count,
        count(*) filter (where open_reason = 'untargeted') as untargeted_count,
        string_agg(
            gate_name || ': ' || statement || coalesce(' (' || evidence || ')', ''), ' '
            order by due_date, criterion_number
        ) filter (where open_reason = 'failed') as failed,
        min(due_date) as opened_date,
        max(due_date) as newest_date
    from gates
    group by model_id

),

final as (

    select
        model_id || ':gates' as decision_id,
        'gate' as cause,
        model_id,
        gate_ids,
        sign_off_roles,
        -- One role signs for itself; several are asked by the one who runs the programme.
        case
            when sign_off_roles not like '%,%' and failed_count + unmeasured_count + untargeted_count = 0
                then sign_off_roles
        end as owner_role,
        opened_date,
        newest_date,
        case when failed_count > 0 then 'failed' else 'waiting' end as severity,
        criterion_count || case when criterion_count = 1 then ' criterion' else ' criteria' end
        || ' of ' || gate_count || case when gate_count = 1 then ' gate' else ' gates' end || ' overdue since '
        || strftime(opened_date, '%-d %b %Y') || ': '
        || concat_ws(
            ', ',
            case when failed_count > 0 then failed_count || ' failed' end,
            case
                when unsigned_count > 0
                    then
                        unsigned_count || ' not signed ('
                        || {{ role_names('sign_off_roles') }} || ')'
            end,
            case when unmeasured_count > 0 then unmeasured_count || ' without data' end,
            case when untargeted_count > 0 then untargeted_count || ' without a target' end
        )
        || coalesce('. Failed: ' || failed, '') as evidence,
        criterion_count as item_count
    from summed

)

select * from final
