{{ config(materialized='view') }}

with

snapshots as (select * from {{ ref('int_snapshots__mapped') }}),

logged as (

    select * from {{ ref('int_feature_bins__windowed') }}
    where environment = 'prod'

),

counted as (

    select * from {{ ref('fct_feature_values_daily') }}
    where environment = 'prod'

),

declared as (select * from {{ source('catalog', 'drift') }}),

watched as (select * from {{ source('catalog', 'drift_features') }}),

snapped as (

    select
        snapshots.model_id,
        snapshots.snapshot_id as reference_id,
        'snapshot' as reference_kind,
        snapshots.taken_at as reference_at,
        snapshots.model_version,
        snapshots.feature,
        snapshots.category,
        snapshots.bin_bits,
        snapshots.bin_value,
        snapshots.bin_low,
        snapshots.bin_high,
        snapshots.value_count

    from snapshots

),

-- The first days with data; the window that holds the last of them is still part of the reference.
first_days as (

    select distinct
        counted.model_id,
        counted.event_date,
        declared.reference_days,
        dense_rank() over (partition by counted.model_id order by counted.event_date) as place

    from counted
    inner join declared on counted.model_id = declared.member_id
    where declared.reference_days is not null

),

fixed_spans as (

    select
        model_id,
        min(event_date) as first_date,
        max(event_date) as last_date

    from first_days
    where place <= reference_days
    group by model_id
    having max(place) = any_value(reference_days)

),

fixed as (

    select
        logged.model_id,
        'days ' || fixed_spans.first_date || ' to ' || fixed_spans.last_date as reference_id,
        'fixed' as reference_kind,
        cast(fixed_spans.last_date + interval 1 day as timestamp) as reference_at,
        cast(null as varchar) as model_version,
        logged.feature,
        logged.category,
        logged.bin_bits,
        logged.bin_value,
        logged.bin_low,
        logged.bin_high,
        logged.value_count

    from logged
    inner join fixed_spans
        on
            logged.model_id = fixed_spans.model_id
            and logged.event_date >= fixed_spans.first_date
            and logged.event_date <= fixed_spans.last_date

),

united as (

    select * from snapped
    union all
    select * from fixed

),

-- Parts of a reference may be binned more or less finely: the coarsest bins hold for all.
coarsest as (

    select
        united.* exclude (bin_bits),
        watched.feature_kind,
        min(united.bin_bits) over (partition by united.model_id, united.reference_id, united.feature) as bin_bits

    from united
    inner join watched
        on
            united.model_id = watched.member_id
            and united.feature = watched.feature

),

merged as (

    select
        * exclude (bin_value, value_count),
        {{ fine_bin('bin_value', 'bin_bits') }} as bin_value,
        value_count

    from coarsest

),

final as (

    select
        model_id,
        reference_id,

        reference_at,

        reference_kind,
        model_version,
        feature,
        feature_kind,
        category,

        bin_bits,
        bin_value,
        bin_low,
        bin_high,
        cast(sum(value_count) as bigint) as value_count

    from merged
    group by all

)

select * from final
