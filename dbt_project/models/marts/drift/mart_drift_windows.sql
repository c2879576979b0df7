with

resolved as (select * from {{ ref('fct_drift_references') }}),

estimated as (select * from {{ ref('int_drift_windows__estimated') }}),

limits as (select * from {{ ref('int_drift_limits__declared') }}),

texts as (

    select
        model_id,
        window_start_at,
        feature,
        cast(sum(window_count) filter (where bin_kind = 'no_number') as bigint) as no_number_count,
        cast(sum(reference_count) filter (where bin_kind = 'no_number') as bigint) as reference_no_number_count

    from {{ ref('fct_drift_bins') }}
    group by all

),

lineage as (

    select * from {{ ref('stg_training__lineage') }}
    where next_stated_at is null

),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where source = 'features'

),

names as (select * from {{ ref('int_feature_names__watched') }}),

origins as (

    select
        identifiers.member_id as model_id,
        coalesce(names.feature, lineage.feature) as feature,
        string_agg(
            distinct lineage.source_table || coalesce('.' || lineage.source_column, ''), ', '
            order by lineage.source_table || coalesce('.' || lineage.source_column, '')
        ) as source_columns

    from lineage
    inner join identifiers
        on
            lineage.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'lineage.stated_date') }}
    left join names
        on
            identifiers.member_id = names.model_id
            and lower(lineage.feature) = names.feature_key
    group by all

),

final as (

    select
        estimated.model_id,
        estimated.reference_id,

        estimated.window_start_at,
        resolved.window_end_at,

        estimated.feature,
        limits.feature_kind,
        limits.signal,
        resolved.model_version,
        resolved.reference_kind,
        case
            when estimated.is_evaluable then 'evaluable'
            when estimated.window_count > 0 and estimated.reference_count = 0 then 'no_reference'
            else 'insufficient_data'
        end as status,
        origins.source_columns,

        limits.is_critical,
        case when estimated.is_evaluable then estimated.is_drifted end as is_drifted,

        estimated.reference_count,
        estimated.window_count,
        case when limits.feature_kind = 'numeric' then coalesce(texts.no_number_count, 0) end as no_number_count,
        case when limits.feature_kind = 'numeric' then coalesce(texts.reference_no_number_count, 0) end
            as reference_no_number_count,
        estimated.psi,
        estimated.psi_threshold,
        estimated.ks_distance,
        estimated.jensen_shannon_distance,
        estimated.wasserstein_distance,
        estimated.p_value,
        estimated.adjusted_p_value

    from estimated
    inner join resolved
        on
            estimated.model_id = resolved.model_id
            and estimated.window_start_at = resolved.window_start_at
    inner join limits
        on
            estimated.model_id = limits.model_id
            and estimated.feature = limits.feature
    left join texts
        on
            estimated.model_id = texts.model_id
            and estimated.window_start_at = texts.window_start_at
            and estimated.feature = texts.feature
    left join origins
        on
            estimated.model_id = origins.model_id
            and estimated.feature = origins.feature

)

select * from final
