with

windows as (

    select
        *,
        cast(date_trunc('month', window_date) as date) as month_date

    from {{ ref('int_drift_windows__evaluated') }}

),

final as (

    select
        model_id,

        month_date,

        arg_max(worst_feature, (max_psi, worst_feature)) filter (where is_evaluable) as worst_feature,

        count(*) as window_count,
        count(*) filter (where is_evaluable) as evaluable_window_count,
        count(*) filter (where is_evaluable and is_drifted) as drifted_window_count,
        count(*) filter (where status = 'insufficient_data') as insufficient_window_count,
        count(*) filter (where status = 'no_reference') as no_reference_window_count,
        {{ ratio('count(*) filter (where is_evaluable and is_drifted)', 'count(*) filter (where is_evaluable)') }}
            as drift_rate,
        cast(sum(tested_feature_count) as bigint) as feature_test_count,
        cast(sum(drifted_feature_count) as bigint) as drifted_feature_test_count,
        {{ ratio('sum(psi_sum order by window_start_at)', 'sum(tested_feature_count)') }} as mean_psi,
        max(max_psi) as max_psi

    from windows
    group by all

)

select * from final
