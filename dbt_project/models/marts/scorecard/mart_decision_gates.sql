with

gates as (select * from {{ source('catalog', 'decision_gates') }}),

launches as (select * from {{ source('catalog', 'launches') }}),

sign_offs as (select * from {{ source('catalog', 'sign_offs') }}),

models as (select * from {{ ref('dim_models') }}),

scorecard as (select * from {{ ref('mart_scorecard') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

due as (

    select
        gates.*,
        models.model_id,
        models.model_name,
        cast(launches.launched_date + cast(gates.days_after_launch as integer) as date) as due_date,
        newest.as_of_date

    from models
    inner join launches on models.model_id = launches.member_id
    cross join gates
    cross join newest

),

-- The newest period that was whole when the gate fell due.
measured as (

    select
        due.model_id,
        due.gate_id,
        due.criterion_id,
        scorecard.status as kpi_status,
        scorecard.kpi_name || ' ' || {{ amount_text('scorecard.value', 'scorecard.unit') }}
        || {{ run_rate_text('scorecard.unit', 'scorecard.period') }}
        || case
            when scorecard.target is null then ''
            else ', target ' || {{ amount_text('scorecard.target', 'scorecard.unit') }}
        end
        || ' (' || scorecard.period || ' of ' || scorecard.period_start_date || ')' as evidence

    from due
    inner join scorecard
        on
            due.model_id = scorecard.model_id
            and due.kpi_id = scorecard.kpi_id
            and due.period = scorecard.period
            and due.due_date > scorecard.as_of
    where scorecard.is_whole and scorecard.value is not null
    qualify
        row_number() over (
            partition by due.model_id, due.gate_id, due.criterion_id order by scorecard.period_start_date desc
        ) = 1

),

signed as (

    select * from sign_offs
    qualify
        row_number() over (partition by member_id, gate_id, criterion_id order by signed_date desc) = 1

),

final as (

    select
        due.model_id,
        due.gate_id,
        due.criterion_id,

        due.due_date,
        signed.signed_date,

        due.model_name,
        due.gate_name,
        due.statement,
        due.kpi_id,
        due.sign_off_role,
        case
            when signed.is_passed then 'passed'
            when not signed.is_passed then 'failed'
            when due.due_date > due.as_of_date then 'not_due'
            when due.sign_off_role is not null then 'waiting_for_person'
            when measured.kpi_status is null then 'waiting_for_data'
            when due.requires = 'measured' then 'passed'
            when measured.kpi_status = 'no_target' then 'waiting_for_person'
            when measured.kpi_status = 'on_target' then 'passed'
            when due.requires = 'not_off_target' and measured.kpi_status = 'at_risk' then 'passed'
            else 'failed'
        end as status,
        coalesce(
            'signed by ' || signed.signed_by || coalesce(': ' || signed.note, ''),
            case when due.due_date <= due.as_of_date then measured.evidence end
        ) as evidence,

        cast(due.criterion_number as integer) as criterion_number

    from due
    left join measured
        on
            due.model_id = measured.model_id
            and due.gate_id = measured.gate_id
            and due.criterion_id = measured.criterion_id
    left join signed
        on
            due.model_id = signed.member_id
            and due.gate_id = signed.gate_id
            and due.criterion_id = signed.criterion_id

)

select * from final
