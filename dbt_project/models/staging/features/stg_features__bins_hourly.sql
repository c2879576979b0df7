with

bins_hourly as (

    select * from {{ source('features', 'bins_hourly') }}
    union all by name
    select * from {{ source('features', 'value_bins_hourly') }}

),

final as (

    select
        hour_at,
        _day as event_date,

        model_name as logged_name,
        model_version,
        {{ environment_name('environment') }} as environment,
        feature,
        category,

        bin_bits,
        bin_value,
        bin_low,
        bin_high,
        value_count

    from bins_hourly

)

select * from final
