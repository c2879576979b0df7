with

models as (select model_id from {{ ref('dim_models') }}),

days as (select event_date from {{ ref('dim_days') }}),

streams as (select * from {{ ref('int_value_streams__graded') }}),

estimated as (

    select * from {{ ref('int_business_value__estimated') }}
    where grade = 'measured'

),

declared as (

    select
        member_id as model_id,
        bool_and(experiment_id is null) as is_declared_only
    from {{ source('catalog', 'value_streams') }}
    group by member_id

),

-- Months of a period, up to the last day known: a whole month is 1, a day of January 1/31.
month_parts as (

    select
        period,
        period_start_date,
        date_trunc('month', event_date) as month_at,
        count(*) / cast(day(last_day(month_at)) as double) as months,
        min(event_date) as first_date,
        max(event_date) as last_date
    from {{ by_period('days') }} as dated
    group by period, period_start_date, month_at

),

periods as (

    select
        period,
        period_start_date,
        sum(months order by month_at) as months,
        min(first_date) as first_date,
        max(last_date) as last_date
    from month_parts
    group by period, period_start_date

),

evidence as (

    select
        periods.period,
        periods.period_start_date,
        streams.model_id,
        max(streams.event_date) filter (where streams.is_counted and streams.grade <> 'declared') as last_counted_date,
        max(streams.treated_unit_count) filter (where streams.is_counted) as treated_unit_count,
        max(streams.gap_reason) as gap_reason
    from periods
    inner join streams on streams.event_date between periods.first_date and periods.last_date
    group by periods.period, periods.period_start_date, streams.model_id

),

final as (

    select
        models.model_id,
        'business_value' as kpi_id,
        periods.period,
        periods.period_start_date,
        estimated.value_usd as numerator,
        periods.months as denominator,
        evidence.treated_unit_count as sample_size,
        {{ ratio('estimated.value_ci_low_usd', 'periods.months') }} as ci_low,
        {{ ratio('estimated.value_ci_high_usd', 'periods.months') }} as ci_high,
        cast(evidence.last_counted_date as timestamp) + interval 1 day as data_until_at,
        case
            when estimated.value_usd is not null then null
            when declared.model_id is null then 'the catalog declares no value stream for the model'
            when declared.is_declared_only then 'only claimed: no experiment measures it'
            else coalesce(evidence.gap_reason, 'no value stream of the model was active in this period')
        end as gap_reason

    from models
    cross join periods
    left join estimated
        on
            models.model_id = estimated.model_id
            and periods.period = estimated.period
            and periods.period_start_date = estimated.period_start_date
    left join evidence
        on
            models.model_id = evidence.model_id
            and periods.period = evidence.period
            and periods.period_start_date = evidence.period_start_date
    left join declared on models.model_id = declared.model_id

)

select * from final
