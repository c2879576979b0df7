{#- Sources that say something of a model on every day it works, and where what they say is counted. #}
{%- set daily_sources = [
    ('record_source', 'fct_serving_hourly', 'true'),
    ('record_source', 'fct_model_cost_daily', "cost_origin = 'direct'"),
    ("'predictions'", 'fct_predictions_daily', 'true'),
    ("'features'", 'fct_feature_values_daily', 'true'),
] %}

with

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

features as (select * from {{ source('catalog', 'features') }}),

surveys as (select * from {{ source('catalog', 'surveys') }}),

experiments as (select * from {{ source('catalog', 'experiments') }}),

project_members as (select * from {{ source('catalog', 'project_members') }}),

models as (select * from {{ ref('dim_models') }}),

sources as (select * from {{ source('ledger', 'sources') }}),

coverage as (select * from {{ source('ledger', 'coverage') }}),

days as (select * from {{ ref('dim_days') }}),

-- What the catalog expects of a source, and on which days.
expected as (

    {% for relation, source_name, interval in [
        ('identifiers', 'source', true),
        ('features', 'source', false),
        ('surveys', 'source', true),
        ('experiments', "'experiments'", true),
        ('project_members', "'finance'", false),
    ] -%}
    select
        member_id as model_id,
        {{ source_name }} as source,
        {{ 'valid_from' if interval else 'cast(null as date)' }} as valid_from,
        {{ 'valid_to' if interval else 'cast(null as date)' }} as valid_to

    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

covered as (

    select
        source,
        min(day) as first_date

    from coverage
    group by all

),

-- A source is evaluated from its first day on: before, it was not connected.
expected_days as (

    select
        expected.model_id,
        expected.source,
        days.event_date,
        bool_or(
            {{ as_of('expected', 'days.event_date') }}
        ) as is_expected

    from expected
    inner join models on expected.model_id = models.model_id
    inner join covered on expected.source = covered.source
    inner join days on covered.first_date <= days.event_date
    group by all

),

rows_seen as (

    {% for source_name, relation, condition in daily_sources -%}
    select distinct
        model_id,
        {{ source_name }} as source,
        event_date

    from {{ ref(relation) }}
    where {{ condition }}
    union all
    {% endfor -%}
    select distinct
        model_id,
        source,
        event_date

    from {{ ref('fct_feature_events_daily') }}

),

dated as (

    select
        expected_days.*,
        sources.title as source_title,
        sources.fresh_hours,
        coverage.day as newest_date,
        coverage.day = expected_days.event_date as is_covered

    from expected_days
    inner join sources on expected_days.source = sources.source
    asof left join coverage
        on
            expected_days.source = coverage.source
            and expected_days.event_date >= coverage.day

),

counted as (

    select
        dated.*,
        rows_seen.event_date as row_date,
        count(*) filter (where dated.is_covered) over (
            partition by dated.model_id, dated.source order by dated.event_date
        ) as covered_so_far

    from dated
    left join rows_seen
        on
            dated.model_id = rows_seen.model_id
            and dated.source = rows_seen.source
            and dated.event_date = rows_seen.event_date

),

with_last_row as (

    select
        *,
        max(row_date) over history as last_row_date,
        covered_so_far - max(covered_so_far) filter (where row_date is not null) over history as silent_day_count

    from counted
    window history as (partition by model_id, source order by event_date)

),

final as (

    select
        model_id,

        event_date,
        newest_date,
        last_row_date,

        source,
        source_title,

        is_covered,
        is_expected and date_diff('hour', newest_date, event_date) > fresh_hours as is_stale,
        case
            when is_covered and silent_day_count is not null
                then is_expected and silent_day_count >= {{ var('silent_days') }}
        end as is_silent,

        fresh_hours,
        silent_day_count

    from with_last_row

)

select * from final
