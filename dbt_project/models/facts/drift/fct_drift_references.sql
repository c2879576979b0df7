{{ config(materialized='table') }}

with

declared as (select * from {{ source('catalog', 'drift') }}),

coverage as (

    select day as event_date
    from {{ source('ledger', 'coverage') }}
    where source = 'features'

),

counted as (

    select * from {{ ref('fct_feature_values_daily') }}
    where environment = 'prod'

),

serving as (

    select * from {{ ref('fct_serving_hourly') }}
    where environment = 'prod' and prediction_count > 0

),

reference_bins as (select * from {{ ref('fct_reference_bins') }}),

hours as (select unnest(generate_series(0, 23)) as hour),

windows as (

    select
        declared.member_id as model_id,
        declared.window_hours,
        {{ window_start('coverage.event_date + to_hours(cast(hours.hour as integer))', 'declared.window_hours') }}
            as window_start_at,
        min(coverage.event_date) as window_date

    from declared
    cross join coverage
    cross join hours
    where hours.hour % least(declared.window_hours, 24) = 0
    group by all

),

logged_versions as (

    select
        model_id,
        window_start_at,
        arg_max(model_version, (value_count, {{ number_order('model_version') }})) as model_version,
        max(last_date) as last_date

    from (
        select
            model_id,
            window_start_at,
            model_version,
            sum(value_count) as value_count,
            max(event_date) as last_date
        from counted
        group by all
    ) as versions
    group by all

),

served_versions as (

    select
        model_id,
        window_start_at,
        arg_max(model_version, (prediction_count, {{ number_order('model_version') }})) as model_version

    from (
        select
            serving.model_id,
            {{ window_start('serving.hour_at', 'declared.window_hours') }} as window_start_at,
            serving.model_version,
            sum(serving.prediction_count) as prediction_count
        from serving
        inner join declared on serving.model_id = declared.member_id
        group by all
    ) as versions
    group by all

),

reference_list as (

    select
        model_id,
        reference_id,
        reference_at,
        reference_kind,
        model_version,
        -- Differs between two states of a reference, whatever the order of its rows.
        cast(
            bit_xor(hash(feature, feature_kind, category, bin_bits, bin_value, bin_low, bin_high, value_count))
            as varchar
        ) as state

    from reference_bins
    group by all

),

versioned as (

    select
        windows.*,
        coalesce(logged_versions.model_version, served_versions.model_version) as model_version

    from windows
    left join logged_versions
        on
            windows.model_id = logged_versions.model_id
            and windows.window_start_at = logged_versions.window_start_at
    left join served_versions
        on
            windows.model_id = served_versions.model_id
            and windows.window_start_at = served_versions.window_start_at

),

-- The version's newest snapshot that was taken before the window ended: it cannot have served from a later one. Without
-- a snapshot, the newest fixed reference, which is valid for the windows after its days.
matched as (

    select
        versioned.*,
        reference_list.reference_id,
        reference_list.reference_kind,
        reference_list.state

    from versioned
    left join reference_list
        on
            versioned.model_id = reference_list.model_id
            and case
                when reference_list.reference_kind = 'snapshot'
                    then
                        versioned.model_version = reference_list.model_version
                        and reference_list.reference_at
                        < versioned.window_start_at + to_hours(cast(versioned.window_hours as integer))
                else versioned.window_start_at >= reference_list.reference_at
            end
    qualify row_number() over (
        partition by versioned.model_id, versioned.window_start_at
        order by
            reference_list.reference_kind = 'snapshot' desc nulls last,
            reference_list.reference_at desc,
            reference_list.reference_id asc
    ) = 1

),

final as (

    select
        model_id,
        reference_id,

        window_start_at,
        window_start_at + to_hours(cast(window_hours as integer)) as window_end_at,
        window_date,

        model_version,
        coalesce(reference_kind, 'none') as reference_kind,
        coalesce(reference_id || ' ' || state, 'none') as reference_state

    from matched

)

select * from final
