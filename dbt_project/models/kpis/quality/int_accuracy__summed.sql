with

quality as (select * from {{ source('catalog', 'quality') }}),

models as (select model_id from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

coverage as (

    select * from {{ source('ledger', 'coverage') }}
    where source = 'predictions'

),

-- Labels that match no prediction name no model either: they are unmapped.
unmatched as (

    select
        event_date,
        sum(received_label_count) as label_count

    from {{ ref('fct_outcomes_daily') }}
    where model_id = 'unmatched'
    group by event_date

),

periods as (

    select distinct
        period,
        period_start_date

    from {{ by_period('days') }} as dated

),

covered_periods as (

    select
        period,
        period_start_date,
        max(day) as last_day

    from {{ by_period('coverage', 'day') }} as dated
    group by all

),

-- A label comes after its prediction, so those that came later may be meant for this period too.
unmatched_since as (

    select
        periods.period,
        periods.period_start_date,
        sum(unmatched.label_count) as label_count

    from periods
    inner join unmatched on periods.period_start_date <= unmatched.event_date
    group by all

),

matched as (

    select
        labels.model_id,
        labels.period,
        labels.period_start_date,
        sum(labels.label_count) as label_count

    from {{ by_period(ref('int_labels__matured')) }} as labels
    inner join quality
        on
            labels.model_id = quality.member_id
            and labels.label_source = quality.label_source
    group by all

),

windows as (

    select * from {{ ref('int_accuracy__measured') }}
    where scope = 'model' and cohort_attribute = 'all'

),

measured as (

    select
        models.model_id,
        'accuracy' as kpi_id,

        periods.period,
        periods.period_start_date,

        windows.numerator,
        windows.denominator,
        windows.labelled_count as sample_size,
        windows.score_ci_low as ci_low,
        windows.score_ci_high as ci_high,
        cast(covered_periods.last_day + interval 1 day as timestamp) as data_until_at,

        case
            when quality.member_id is null then 'the catalog does not say how its accuracy is measured'
            when covered_periods.period is null then 'no predictions or labels were loaded for this period'
            when windows.model_id is null then 'no predictions were logged in this period'
            when windows.labelled_count = 0 and matched.label_count = 0 and unmatched_since.label_count > 0
                then
                    'none of its predictions has a label yet; '
                    || format('{:,}', cast(unmatched_since.label_count as bigint)) || ' labels match no prediction'
            when windows.labelled_count = 0
                then 'no day of the period is mature: too few of its predictions have a label yet'
        end as gap_reason

    from models
    cross join periods
    left join quality on models.model_id = quality.member_id
    left join covered_periods
        on
            periods.period = covered_periods.period
            and periods.period_start_date = covered_periods.period_start_date
    left join windows
        on
            models.model_id = windows.model_id
            and periods.period = windows.period
            and periods.period_start_date = windows.period_start_date
    left join matched
        on
            models.model_id = matched.model_id
            and periods.period = matched.period
            and periods.period_start_date = matched.period_start_date
    left join unmatched_since
        on
            periods.period = unmatched_since.period
            and periods.period_start_date = unmatched_since.period_start_date

),

final as (

    select
        * replace (
            case
                when denominator > 0 then null
                else coalesce(gap_reason, 'none of the labels is of a kind that the measure counts')
            end as gap_reason
        )

    from measured

)

select * from final
