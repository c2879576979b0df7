-- What a week counts is what the days of the daily mart add up to, over versions: nothing falls between the two grains.
{%- set keys = ['model_id', 'label_source', 'cohort_attribute', 'cohort_value', 'week_date'] %}

with

daily as (

    select
        model_id,
        label_source,
        cohort_attribute,
        cohort_value,
        cast(date_trunc('week', event_date) as date) as week_date,
        sum(prediction_count) as prediction_count,
        sum(labelled_count) as labelled_count,
        sum(correct_count) / nullif(cast(sum(decided_count) as double), 0) as accuracy

    from {{ ref('mart_accuracy_daily') }}
    group by all

),

weekly as (select * from {{ ref('mart_accuracy_weekly') }})

select
    coalesce(daily.model_id, weekly.model_id) as model_id,
    coalesce(daily.week_date, weekly.week_date) as week_date,
    daily.labelled_count as daily_labelled_count,
    weekly.labelled_count as weekly_labelled_count

from daily
full join weekly on {{ same_keys('daily', 'weekly', keys) }}
where
    daily.prediction_count is distinct from weekly.prediction_count
    or daily.labelled_count is distinct from weekly.labelled_count
    or (weekly.measure = 'accuracy' and not coalesce(abs(daily.accuracy - weekly.score) < 1e-9, weekly.score is null))
