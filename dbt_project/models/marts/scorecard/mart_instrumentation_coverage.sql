with

models as (select * from {{ ref('dim_models') }}),

kpis as (select * from {{ ref('kpis') }}),

kpi_sources as (select * from {{ ref('kpi_sources') }}),

sources as (select * from {{ source('ledger', 'sources') }}),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

features as (select * from {{ source('catalog', 'features') }}),

objectives as (select * from {{ source('catalog', 'objectives') }}),

scorecard as (select * from {{ ref('mart_scorecard') }}),

owners as (select * from {{ source('catalog', 'owner_history') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

connected as (

    select
        kpi_sources.kpi_id,
        bool_or(date_diff('hour', sources.newest_day, newest.as_of_date) <= sources.fresh_hours) as is_fresh

    from kpi_sources
    inner join sources on kpi_sources.source = sources.source
    cross join newest
    where sources.newest_day is not null
    group by all

),

named as (

    select distinct
        identifiers.member_id as model_id,
        kpi_sources.kpi_id

    from identifiers
    inner join kpi_sources on identifiers.source = kpi_sources.source
    union
    select distinct
        features.member_id as model_id,
        kpi_sources.kpi_id

    from features
    inner join kpi_sources on features.source = kpi_sources.source

),

measured as (

    select
        model_id,
        kpi_id,
        count(value) as measured_count,
        max(period_start_date) filter (where value is not null) as newest_measured_date

    from scorecard
    where period = 'day'
    group by all

),

latest as (

    select
        model_id,
        kpi_id,
        target,
        baseline

    from scorecard
    where period = 'day'
    qualify row_number() over (partition by model_id, kpi_id order by period_start_date desc) = 1

),

owned as (

    select distinct owners.member_id as model_id

    from owners
    cross join newest
    where {{ as_of('owners', 'newest.as_of_date') }}

),

checked as (

    select
        models.model_id,
        models.model_name,
        kpis.kpi_id,
        kpis.kpi_name,
        kpis.kpi_number,
        measured.newest_measured_date,
        objectives.objective is not null as has_objective,
        owned.model_id is not null or models.model_owner is not null as has_owner,
        latest.baseline is not null as has_baseline,
        connected.kpi_id is not null as is_source_connected,
        named.model_id is not null or coalesce(measured.measured_count, 0) > 0 as is_identifier_mapped,
        coalesce(measured.measured_count, 0) > 0 as is_measured,
        coalesce(connected.is_fresh, false) as is_fresh,
        latest.target is not null as has_target

    from models
    cross join kpis
    left join connected on kpis.kpi_id = connected.kpi_id
    left join named
        on
            models.model_id = named.model_id
            and kpis.kpi_id = named.kpi_id
    left join measured
        on
            models.model_id = measured.model_id
            and kpis.kpi_id = measured.kpi_id
    left join latest
        on
            models.model_id = latest.model_id
            and kpis.kpi_id = latest.kpi_id
    left join objectives
        on
            models.model_id = objectives.member_id
            and kpis.kpi_id = objectives.kpi_id
    left join owned on models.model_id = owned.model_id

),

final as (

    select
        model_id,
        kpi_id,

        newest_measured_date,

        model_name,
        kpi_name,
        -- A roadmap of 90 days: each stage needs the one before it.
        case
            when not (has_objective and has_owner) then 'days 1-15: discovery and alignment'
            when not (is_source_connected and is_identifier_mapped and is_measured and is_fresh)
                then 'days 16-45: instrumentation'
            when not (has_baseline and has_target) then 'days 46-75: governance'
            else 'days 76-90: in operation'
        end as roadmap_stage,
        case
            when not has_owner then 'Name its owner (`owner` in the catalog).'
            when not has_objective then 'Say which business objective it serves (`objectives` in the catalog).'
            when not is_source_connected then 'Connect a source: no export of it has been loaded.'
            when not is_identifier_mapped then 'Name the model as the source knows it (`identifiers` in the catalog).'
            when not is_measured then 'Data has been loaded, and none of it gives a value: the scorecard says why.'
            when not is_fresh then 'Deliver the newest exports: the source has fallen behind.'
            when not has_baseline then 'Declare a baseline, or wait for the first whole month.'
            when not has_target then 'Set a target (`targets` in the catalog).'
        end as next_step,

        has_objective,
        has_owner,
        has_baseline,
        has_target,
        is_source_connected,
        is_identifier_mapped,
        is_measured,
        is_fresh,

        kpi_number

    from checked

)

select * from final
