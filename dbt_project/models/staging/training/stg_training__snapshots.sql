with

snapshots as (select * from {{ source('training', 'snapshots') }}),

final as (

    select
        snapshot_id,

        taken_at,
        _day as taken_date,

        model_name as logged_name,
        model_version,
        feature,
        category,

        bin_bits,
        bin_value,
        bin_low,
        bin_high,
        value_count

    from snapshots

)

select * from final
