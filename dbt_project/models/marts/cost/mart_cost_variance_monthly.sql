with

costs as (select * from {{ ref('mart_cost_per_prediction_daily') }}),

newest as (select * from {{ ref('dim_newest_day') }}),

monthly as (

    select
        model_id,
        cast(date_trunc('month', event_date) as date) as month_date,
        instance_type,
        coalesce(sum(compute_cost_usd), 0) as compute_cost_usd,
        coalesce(sum(prediction_count), 0) as prediction_count

    from costs
    group by all

),

totals as (

    select
        model_id,
        month_date,
        sum(compute_cost_usd) as compute_cost_usd,
        sum(prediction_count) as prediction_count

    from monthly
    group by all

),

pairs as (

    select
        totals.model_id,
        totals.month_date,
        totals.compute_cost_usd,
        totals.prediction_count,
        before.compute_cost_usd as previous_cost_usd,
        before.prediction_count as previous_prediction_count,
        {{ ratio('before.compute_cost_usd', 'before.prediction_count') }} as previous_unit_cost_usd

    from totals
    inner join totals as before
        on
            totals.model_id = before.model_id
            and totals.month_date = cast(before.month_date + interval 1 month as date)

),

machines as (

    select
        pairs.model_id,
        pairs.month_date,
        monthly.instance_type,
        pairs.previous_unit_cost_usd,
        coalesce(sum(monthly.prediction_count) filter (where monthly.month_date = pairs.month_date), 0)
            as prediction_count,
        coalesce(sum(monthly.prediction_count) filter (where monthly.month_date < pairs.month_date), 0)
            as previous_prediction_count,
        sum(monthly.compute_cost_usd) filter (where monthly.month_date < pairs.month_date) as previous_cost_usd

    from pairs
    inner join monthly
        on
            pairs.model_id = monthly.model_id
            and monthly.month_date in (pairs.month_date, cast(pairs.month_date - interval 1 month as date))
    group by all

),

-- A machine that was not there the month before is compared with that month's mean.
mixed as (

    select
        machines.model_id,
        machines.month_date,
        sum(
            (
                {{ ratio('machines.prediction_count', 'pairs.prediction_count') }}
                - {{ ratio('machines.previous_prediction_count', 'pairs.previous_prediction_count') }}
            )
            * coalesce(
                {{ ratio('machines.previous_cost_usd', 'machines.previous_prediction_count') }},
                machines.previous_unit_cost_usd
            )
        ) * any_value(pairs.prediction_count) as mix_effect_usd

    from machines
    inner join pairs
        on
            machines.model_id = pairs.model_id
            and machines.month_date = pairs.month_date
    group by all

),

effects as (

    select
        pairs.*,
        mixed.mix_effect_usd,
        (pairs.prediction_count - pairs.previous_prediction_count) * pairs.previous_unit_cost_usd as volume_effect_usd,
        newest.as_of_date >= last_day(pairs.month_date) as is_whole

    from pairs
    inner join mixed
        on
            pairs.model_id = mixed.model_id
            and pairs.month_date = mixed.month_date
    cross join newest

),

final as (

    select
        model_id,

        month_date,

        is_whole,

        cast(previous_cost_usd as double) as previous_cost_usd,
        cast(compute_cost_usd as double) as compute_cost_usd,
        volume_effect_usd,
        mix_effect_usd,
        cast(compute_cost_usd - previous_cost_usd as double) - volume_effect_usd - mix_effect_usd as price_effect_usd,
        cast(previous_prediction_count as bigint) as previous_prediction_count,
        cast(prediction_count as bigint) as prediction_count

    from effects

)

select * from final
