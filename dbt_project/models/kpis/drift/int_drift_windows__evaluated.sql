{{ config(materialized='table') }}

with

resolved as (select * from {{ ref('fct_drift_references') }}),

estimated as (select * from {{ ref('int_drift_windows__estimated') }}),

limits as (select * from {{ ref('int_drift_limits__declared') }}),

declared as (select * from {{ source('catalog', 'drift') }}),

tested as (

    select
        estimated.model_id,
        estimated.window_start_at,
        count(*) filter (where estimated.is_evaluable) as tested_feature_count,
        count(*) filter (where estimated.is_drifted) as drifted_feature_count,
        count(*) filter (where estimated.is_drifted and limits.is_critical) as drifted_critical_count,
        bool_or(estimated.window_count > 0 and estimated.reference_count = 0) as has_unreferenced,
        bool_or(estimated.window_count > 0 and estimated.reference_count > 0) as has_compared,
        count(*) as feature_count,
        max(estimated.psi) filter (where estimated.is_evaluable) as max_psi,
        sum(estimated.psi order by estimated.feature) filter (where estimated.is_evaluable) as psi_sum,
        -- By how far each feature is beyond its own threshold: an error rate's PSI is not a price's.
        arg_max(
            estimated.feature, (estimated.psi / estimated.psi_threshold, estimated.feature)
        ) filter (where estimated.is_evaluable) as worst_feature

    from estimated
    inner join limits
        on
            estimated.model_id = limits.model_id
            and estimated.feature = limits.feature
    group by all

),

final as (

    select
        resolved.model_id,
        resolved.reference_id,

        resolved.window_start_at,
        resolved.window_end_at,
        resolved.window_date,

        resolved.model_version,
        case
            when tested.tested_feature_count > 0 then 'evaluable'
            when tested.has_unreferenced and not tested.has_compared then 'no_reference'
            else 'insufficient_data'
        end as status,
        tested.worst_feature,

        tested.tested_feature_count > 0 as is_evaluable,
        tested.tested_feature_count > 0 and (
            tested.drifted_critical_count > 0 or (
                tested.drifted_feature_count > 0
                and tested.drifted_feature_count >= declared.share_of_features * tested.tested_feature_count
            )
        ) as is_drifted,

        tested.feature_count,
        tested.tested_feature_count,
        tested.drifted_feature_count,
        tested.max_psi,
        tested.psi_sum

    from resolved
    inner join declared on resolved.model_id = declared.member_id
    inner join tested
        on
            resolved.model_id = tested.model_id
            and resolved.window_start_at = tested.window_start_at

)

select * from final
