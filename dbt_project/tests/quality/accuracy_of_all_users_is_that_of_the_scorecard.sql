-- The cohort `all` of a period is the model's accuracy, from the same mature days; a cohort is never larger than it.
with

cohorts as (select * from {{ ref('mart_accuracy_by_cohort') }}),

whole as (

    select *
    from cohorts
    where cohort_attribute = 'all'

),

summed as (select * from {{ ref('int_accuracy__summed') }})

select
    whole.model_id,
    whole.period,
    whole.period_start_date,
    whole.score,
    summed.numerator,
    summed.denominator

from whole
left join summed on {{ same_keys('whole', 'summed', ['model_id', 'period', 'period_start_date']) }}
where not coalesce(abs(whole.score - summed.numerator / nullif(summed.denominator, 0)) < 1e-9, whole.score is null)

union all

select
    cohorts.model_id,
    cohorts.period,
    cohorts.period_start_date,
    cohorts.score,
    cohorts.labelled_count as numerator,
    whole.labelled_count as denominator

from cohorts
inner join whole on {{ same_keys('cohorts', 'whole', ['model_id', 'period', 'period_start_date']) }}
where cohorts.labelled_count > whole.labelled_count
