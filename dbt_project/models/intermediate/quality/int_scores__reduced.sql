with

outcomes as (

    select * from {{ ref('int_outcomes__split') }}
    where cohort_attribute = 'all' and score_bin is not null

),

matured as (select * from {{ ref('int_labels__matured') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

-- What is known of mature days only: where frauds are told later than the rest, young days hold too few of them.
labelled as (

    select
        outcomes.model_id,
        cast(date_trunc('week', outcomes.event_date) as date) as week_date,
        outcomes.score_bin,
        sum(outcomes.label_count) as label_count,
        coalesce(sum(outcomes.label_count) filter (where outcomes.actual_label = 'positive'), 0) as positive_count

    from outcomes
    inner join quality
        on
            outcomes.model_id = quality.member_id
            and outcomes.label_source = quality.label_source
            and quality.task = 'binary'
    inner join matured
        on
            outcomes.model_id = matured.model_id
            and outcomes.label_source = matured.label_source
            and outcomes.event_date = matured.event_date
            and matured.is_mature
    group by all

),

weeks as (

    select distinct
        model_id,
        cast(date_trunc('week', event_date) as date) as week_date

    from {{ ref('int_predictions__split') }}

),

final as (

    select
        weeks.model_id,

        weeks.week_date,

        labelled.score_bin,
        cast(sum(labelled.label_count) as bigint) as label_count,
        cast(sum(labelled.positive_count) as bigint) as positive_count

    from weeks
    inner join labelled
        on
            weeks.model_id = labelled.model_id
            and weeks.week_date > labelled.week_date
    group by all

)

select * from final
order by model_id, week_date, score_bin
