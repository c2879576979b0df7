with

bins as (select * from {{ ref('fct_drift_bins') }}),

totals as (

    select
        *,
        sum(reference_count) over comparison as reference_total,
        sum(window_count) over comparison as window_total

    from bins
    window comparison as (partition by model_id, window_start_at, feature)

),

final as (

    select
        model_id,
        reference_id,

        window_start_at,

        feature,
        bin_kind,
        case
            when category is not null then category
            when bin_kind = 'value' then printf('%.6g', bin_low)
            when bin_kind <> 'range' then bin_kind
            when bin_low is null and bin_high is null then 'all'
            when bin_low is null then printf('to %.4g', bin_high)
            when bin_high is null then printf('above %.4g', bin_low)
            else printf('%.4g to %.4g', bin_low, bin_high)
        end as bin_name,

        bin_number,
        bin_low,
        bin_high,
        reference_count,
        window_count,
        {{ ratio('reference_count', 'reference_total') }} as reference_share_rate,
        {{ ratio('window_count', 'window_total') }} as window_share_rate

    from totals
    where reference_count + window_count > 0

)

select * from final
