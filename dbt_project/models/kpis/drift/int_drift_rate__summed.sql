with

windows as (select * from {{ ref('int_drift_windows__evaluated') }}),

models as (select model_id from {{ ref('dim_models') }}),

days as (select * from {{ ref('dim_days') }}),

declared as (select * from {{ source('catalog', 'drift') }}),

missing as (

    select
        model_id,
        string_agg(reason, '; ' order by reason) as reason

    from {{ ref('int_feature_columns__missing') }}
    group by model_id

),

periods as (

    select distinct
        period,
        period_start_date

    from {{ by_period('days') }} as dated

),

sums as (

    select
        model_id,
        period,
        period_start_date,
        count(*) filter (where is_evaluable) as evaluable_window_count,
        count(*) filter (where is_evaluable and is_drifted) as drifted_window_count,
        max(window_end_at) filter (where is_evaluable) as data_until_at,
        bool_and(status = 'no_reference') as is_without_reference

    from {{ by_period('windows', 'window_date') }} as dated
    group by all

),

final as (

    select
        models.model_id,
        'drift_rate' as kpi_id,

        periods.period,
        periods.period_start_date,

        cast(sums.drifted_window_count as double) as numerator,
        cast(sums.evaluable_window_count as double) as denominator,
        sums.evaluable_window_count as sample_size,
        {{ wilson('sums.drifted_window_count', 'sums.evaluable_window_count', -1) }} as ci_low,
        {{ wilson('sums.drifted_window_count', 'sums.evaluable_window_count', 1) }} as ci_high,
        sums.data_until_at,
        case
            when sums.evaluable_window_count = 0 and missing.reason is not null
                then 'no window could be tested: ' || missing.reason
            when declared.member_id is null then 'the catalog declares no drift monitoring for the model'
            when sums.model_id is null then 'no drift window that feature logs cover begins in this period'
            when sums.evaluable_window_count = 0 and sums.is_without_reference
                then 'no training snapshot of the serving version and no fixed reference'
            when sums.evaluable_window_count = 0 then 'too little data to test'
        end as gap_reason

    from models
    cross join periods
    left join declared on models.model_id = declared.member_id
    left join missing on models.model_id = missing.model_id
    left join sums
        on
            models.model_id = sums.model_id
            and periods.period = sums.period
            and periods.period_start_date = sums.period_start_date

)

select * from final
