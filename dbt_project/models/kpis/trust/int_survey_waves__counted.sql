with

waves as (select * from {{ source('catalog', 'survey_waves') }}),

surveys as (select * from {{ source('catalog', 'surveys') }}),

days as (select * from {{ ref('dim_days') }}),

responses as (

    select
        survey_id,
        event_date,
        sum(response_count + unscored_response_count) as answered_count

    from {{ ref('fct_survey_responses_daily') }}
    group by all

),

days_of_waves as (

    select
        surveys.member_id as model_id,
        surveys.measure,
        waves.survey_id,
        waves.valid_from as wave_start_date,
        waves.invited_count,
        days.event_date,
        sum(coalesce(responses.answered_count, 0)) over (
            partition by waves.survey_id, waves.valid_from order by days.event_date
            rows between unbounded preceding and current row
        ) as answered_count

    from waves
    inner join surveys on waves.survey_id = surveys.survey_id
    inner join days
        on
            {{ as_of('waves', 'days.event_date') }}
            and (surveys.valid_to > days.event_date or surveys.valid_to is null)
    left join responses on waves.survey_id = responses.survey_id and days.event_date = responses.event_date

),

final as (

    select
        model_id,

        event_date,
        min(wave_start_date) as wave_start_date,

        measure,

        cast(sum(invited_count) as bigint) as invited_count,
        cast(sum(answered_count) as bigint) as answered_count

    from days_of_waves
    group by model_id, measure, event_date

)

select * from final
