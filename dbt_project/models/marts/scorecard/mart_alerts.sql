with

evaluated as (select * from {{ ref('int_alert_conditions__evaluated') }}),

owners as (select * from {{ source('catalog', 'owner_history') }}),

models as (select * from {{ ref('dim_models') }}),

acknowledgements as (select * from {{ source('catalog', 'acknowledgements') }}),

turned as (

    select
        *,
        is_breached and not lag(is_breached, 1, false) over (
            partition by model_id, alert_kind, subject_id order by evaluated_at
        ) as is_opening

    from evaluated

),

numbered as (

    select
        *,
        count(*) filter (where is_opening) over (
            partition by model_id, alert_kind, subject_id order by evaluated_at
            rows between unbounded preceding and current row
        ) as alert_number

    from turned

),

-- An alert is the breached moments from its opening on, and ends with the first that is not.
intervals as (

    select
        model_id,
        alert_kind,
        subject_id,
        alert_number,
        min(evaluated_at) as opened_at,
        min(evaluated_at) filter (where not is_breached) as closed_at,
        max(evaluated_at) filter (where is_breached) as last_breached_at,
        cast(count(*) filter (where is_breached) as bigint) as breach_count,
        min(severity) filter (where is_breached) as severity, -- page comes before ticket
        arg_min(evidence, evaluated_at) as opening_evidence,
        arg_max(evidence, evaluated_at) filter (where is_breached) as latest_evidence,
        max(recommended_action) as recommended_action

    from numbered
    where alert_number > 0
    group by all

),

named as (

    select
        *,
        model_id || ':' || alert_kind || ':' || subject_id || ':' || strftime(opened_at, '%Y-%m-%dT%H') as alert_id

    from intervals

),

final as (

    select
        named.alert_id,
        named.model_id,
        named.subject_id,

        named.opened_at,
        named.closed_at,
        named.last_breached_at,
        acknowledgements.acknowledged_date,

        models.model_name,
        named.alert_kind,
        named.severity,
        case
            when named.closed_at is not null then 'closed'
            when acknowledgements.alert_id is not null then 'acknowledged'
            else 'open'
        end as status,
        coalesce(owners.owner, models.model_owner) as owner,
        named.opening_evidence,
        named.latest_evidence,
        named.recommended_action,
        acknowledgements.acknowledged_by,
        acknowledgements.note as acknowledgement_note,

        named.breach_count

    from named
    inner join models on named.model_id = models.model_id
    left join owners
        on
            named.model_id = owners.member_id
            and {{ as_of('owners', 'cast(named.opened_at as date)') }}
    left join acknowledgements
        on
            named.model_id = acknowledgements.member_id
            and named.alert_id = acknowledgements.alert_id

)

select * from final
