{{ config(materialized='table') }}

{% set gap_reason -%}
    case
        when sum(denominator) > 0 then null
        when not bool_or(is_billed) then 'no cloud bill loaded'
        when not bool_or(is_logged) then 'no serving logs loaded'
        when bool_or(is_partly_unconverted) then 'no exchange rate for a charge'
        when not bool_or(has_compute) then 'no compute charge on the cloud bill is allocated to the model'
        when sum(denominator) = 0 then 'no predictions'
        else 'no day has both a cloud bill and serving logs'
    end
{%- endset %}

with

costs as (select * from {{ ref('fct_model_cost_daily') }}),

days as (select * from {{ ref('int_cost_days__covered') }}),

computed as (

    select
        model_id,
        event_date,
        {{ compute_cost('effective_cost_usd') }} as compute_cost_usd,
        {{ compute_cost('unconverted_charge_count') }} > 0 as is_partly_unconverted

    from costs
    group by all

),

daily as (

    select
        days.model_id,
        days.event_date,
        days.is_billed,
        days.is_logged,
        coalesce(computed.is_partly_unconverted, false) as is_partly_unconverted,
        computed.compute_cost_usd is not null as has_compute,
        -- A day counts where both are known. One with predictions and no compute on the bill is a bill still to
        -- come, or a name missing from the catalog: it would make the others look cheaper than they were.
        has_compute and days.is_logged and not coalesce(computed.is_partly_unconverted, false) as is_counted,
        case when is_counted then computed.compute_cost_usd end as numerator,
        case when is_counted then days.prediction_count end as denominator,
        denominator as sample_size,
        case when is_counted then cast(days.event_date + interval 1 day as timestamp) end as data_until_at

    from days
    left join computed
        on
            days.model_id = computed.model_id
            and days.event_date = computed.event_date

),

final as (

    {{ summed_days('cost_per_prediction', 'daily', gap_reason) }}

)

select * from final
