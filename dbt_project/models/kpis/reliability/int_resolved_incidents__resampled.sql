{{ config(materialized='table') }}

{% set replicates = 400 %}
{% set largest_sample = 500 %}

with

incidents as (

    select *
    from {{ ref('fct_incidents') }}
    where not is_open

),

resolved as (

    select
        model_id,
        period,
        period_start_date,
        resolve_seconds,
        row_number() over (
            partition by model_id, period, period_start_date order by resolved_at asc, incident_id asc
        ) as place,
        count(*) over (partition by model_id, period, period_start_date) as resolved_count

    from {{ by_period('incidents', 'resolved_date') }} as dated

),

sums as (

    select
        model_id,
        period,
        period_start_date,
        count(*) as resolved_count,
        sum(resolve_seconds) as resolve_seconds

    from resolved
    group by all

),

-- Percentile bootstrap of the mean: how long incidents last is far from normal. The draws come from a hash of their
-- place, so that the same incidents always give the same interval. Fewer than two incidents give none, nor do more
-- than {{ largest_sample }}: their mean hardly errs.
replicates as (select unnest(generate_series(1, {{ replicates }})) as replicate),

places as (

    select distinct place
    from resolved
    where place <= {{ largest_sample }}

),

-- Asked once for each place, not once for each window that has it.
numbers as (

    select
        replicates.replicate,
        places.place,
        md5_number_lower(replicates.replicate || ':' || places.place) as drawn_number

    from places
    cross join replicates

),

draws as (

    select
        resolved.model_id,
        resolved.period,
        resolved.period_start_date,
        resolved.resolved_count,
        numbers.replicate,
        1 + numbers.drawn_number % resolved.resolved_count as drawn_place

    from resolved
    inner join numbers on resolved.place = numbers.place
    where resolved.resolved_count between 2 and {{ largest_sample }}

),

resampled as (

    select
        draws.model_id,
        draws.period,
        draws.period_start_date,
        draws.replicate,
        sum(resolved.resolve_seconds) / 3600 / count(*) as mean_hours

    from draws
    inner join
        resolved
        on
            draws.model_id = resolved.model_id
            and draws.period = resolved.period
            and draws.period_start_date = resolved.period_start_date
            and draws.drawn_place = resolved.place
    group by all

),

intervals as (

    select
        model_id,
        period,
        period_start_date,
        quantile_cont(mean_hours, 0.025) as ci_low,
        quantile_cont(mean_hours, 0.975) as ci_high

    from resampled
    group by all

),

final as (

    select
        sums.*,
        intervals.ci_low,
        intervals.ci_high

    from sums
    left join intervals
        on
            sums.model_id = intervals.model_id
            and sums.period = intervals.period
            and sums.period_start_date = intervals.period_start_date

)

select * from final
