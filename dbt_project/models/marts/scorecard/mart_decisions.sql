{%- set roles = [
    'executive_sponsor', 'ai_program_lead', 'model_owner', 'data_steward', 'sre', 'compliance_officer'
] %}

with

items as (select * from {{ ref('int_decision_items__collected') }}),

causes as (select * from {{ ref('decision_causes') }}),

taken as (

    select
        decision_id,
        max(decided_date) as decided_date
    from {{ source('catalog', 'decisions') }}
    group by decision_id

),

members as (select * from {{ source('catalog', 'members') }}),

projects as (select * from {{ source('catalog', 'projects') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

shares as (

    select
        project_id,
        string_agg(distinct member_id, ',' order by member_id) as model_ids
    from {{ source('catalog', 'project_members') }}
    group by project_id

),

newest as (select * from {{ ref('dim_newest_day') }}),

-- A recorded decision closes what had opened by then; a sign-off that is missing is given at its gate.
open_items as (

    select items.*
    from items
    left join taken on items.decision_id = taken.decision_id
    where
        taken.decided_date is null
        or coalesce(items.newest_date, items.opened_date) > taken.decided_date
        or items.sign_off_roles is not null

),

-- A result and its alert are one decision: the alert leads.
grouped as (

    select
        decision_id,
        arg_min(cause, case severity when 'critical' then 0 when 'failed' then 1 else 2 end) as cause,
        string_agg(distinct model_id, ',' order by model_id) as model_ids,
        max(project_id) as project_id,
        max(experiment_id) as experiment_id,
        max(gate_ids) as gate_ids,
        max(source_id) as source_id,
        min(opened_date) as opened_date,
        case
            when bool_or(severity = 'critical') then 'critical'
            when bool_or(severity = 'failed') then 'failed'
            else 'waiting'
        end as severity,
        max(sign_off_roles) as sign_off_roles,
        max(owner_role) as owner_role,
        string_agg(distinct owner, ', ' order by owner) as owner,
        string_agg(alert_id, ',' order by alert_id) as alert_ids,
        arg_min(
            recommended_action, (case severity when 'critical' then 0 else 1 end, opened_date, recommended_action)
        ) as recommended_action,
        count(alert_id) as alert_count,
        coalesce(max(item_count), count(*)) as item_count
    from open_items
    group by decision_id

),

-- Two alerts on one value have one evidence.
numbered as (

    select
        decision_id,
        evidence,
        row_number() over (
            partition by decision_id
            order by
                min(case severity when 'critical' then 0 when 'failed' then 1 else 2 end), min(opened_date), evidence
        ) as evidence_number
    from open_items
    group by decision_id, evidence

),

-- Three are enough for a sentence.
evidence as (

    select
        decision_id,
        string_agg(evidence, '; ' order by evidence_number) filter (where evidence_number <= 3)
        || case when count(*) > 3 then '; and ' || count(*) - 3 || ' more' else '' end as evidence
    from numbered
    group by decision_id

),

-- What is dated ahead waits for its day; an alert on the newest day opens at the midnight that ends it.
addressed as (

    select
        grouped.* exclude (model_ids, owner, owner_role),
        coalesce(grouped.model_ids, shares.model_ids) as model_ids,
        case when grouped.model_ids not like '%,%' then grouped.model_ids end as model_id,
        causes.kind,
        causes.decision_name,
        causes.options,
        evidence.evidence,
        newest.as_of_date as as_of,
        coalesce(grouped.owner_role, causes.owner_role) as owner_role,
        cast(grouped.opened_date + case
            when grouped.severity = 'critical' then {{ var('critical_decision_days') }} else causes.days_to_decide
        end as date) as due_date,
        grouped.owner as alert_owner
    from grouped
    inner join causes on grouped.cause = causes.cause
    inner join evidence on grouped.decision_id = evidence.decision_id
    left join shares on grouped.project_id = shares.project_id
    inner join newest on grouped.alert_count > 0 or grouped.opened_date <= newest.as_of_date

),

final as (

    select
        addressed.decision_id,
        addressed.model_id,
        addressed.project_id,
        addressed.experiment_id,
        addressed.source_id,

        addressed.opened_date,
        addressed.due_date,
        addressed.as_of,

        addressed.kind,
        addressed.cause,
        addressed.decision_name,
        coalesce(
            projects.name,
            members.name || coalesce(': ' || experiments.name, ''),
            addressed.source_id
        ) as subject_name,
        addressed.severity,
        addressed.owner_role,
        coalesce(
            projects.sponsor,
            case addressed.owner_role
                {% for role in roles -%}
                when '{{ role }}' then members.{{ role }}
                {% endfor -%}
            end,
            addressed.alert_owner,
            members.model_owner
        ) as owner,
        addressed.sign_off_roles,
        addressed.evidence,
        addressed.options,
        addressed.recommended_action,
        addressed.model_ids,
        addressed.gate_ids,
        addressed.alert_ids,

        addressed.due_date < addressed.as_of as is_overdue,

        row_number() over (
            order by
                case addressed.severity when 'critical' then 0 when 'failed' then 1 else 2 end, addressed.opened_date,
                addressed.decision_id
        ) as decision_rank,
        cast(greatest(addressed.as_of - addressed.opened_date, 0) as bigint) as open_day_count,
        cast(addressed.alert_count as bigint) as alert_count,
        cast(addressed.item_count as bigint) as item_count

    from addressed
    left join members on addressed.model_id = members.member_id
    left join projects on addressed.project_id = projects.project_id
    left join experiments on addressed.experiment_id = experiments.experiment_id

)

select * from final
