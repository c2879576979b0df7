with

responses as (select * from {{ ref('int_responses__united') }}),

scores as (

    select *
    from {{ ref('int_answers__scored') }}
    where purpose = 'score'

),

surveys as (select * from {{ source('catalog', 'surveys') }}),

-- A response to a survey about several models counts for each of them; to one that the catalog lacks, as unmapped.
asked as (

    select
        responses.*,
        coalesce(surveys.survey_id, 'unmapped') as survey_id,
        coalesce(surveys.member_id, 'unmapped') as model_id,
        coalesce(surveys.measure, 'unmapped') as measure,
        surveys.worst_score,
        surveys.best_score

    from responses
    left join surveys
        on
            responses.source = surveys.source
            and responses.survey_key = surveys.survey_key
            and {{ as_of('surveys', 'responses.event_date') }}

),

evaluated as (

    select
        asked.*,
        scores.score,
        asked.response_status = 'live' and (scores.score is not null or asked.model_id = 'unmapped') as is_counted

    from asked
    left join scores on asked.survey_id = scores.survey_id and asked.response_id = scores.response_id

),

final as (

    select
        model_id,
        survey_id,

        event_date,

        source,
        survey_key,
        measure,

        max(submitted_at) filter (where is_counted) as last_response_at,

        worst_score,
        best_score,
        count(*) filter (where is_counted) as response_count,
        count(*) filter (where response_status = 'live' and not is_counted) as unscored_response_count,
        count(*) filter (where response_status = 'unfinished') as unfinished_response_count,
        count(*) filter (where response_status = 'preview') as preview_response_count,
        count(*) filter (where response_status = 'spam') as spam_response_count,
        count(*) filter (where response_status = 'live' and is_late) as late_response_count,
        cast(sum(delivered_count) - count(*) as bigint) as duplicate_response_count,
        cast(coalesce(sum(score), 0) as decimal(38, 4)) as score_sum,
        cast(coalesce(sum(cast(score as decimal(16, 4)) * cast(score as decimal(16, 4))), 0) as decimal(38, 8))
            as score_square_sum,
        count(*) filter (where measure = 'nps' and score >= 9) as promoter_count,
        count(*) filter (where measure = 'nps' and score >= 7 and score < 9) as passive_count,
        count(*) filter (where measure = 'nps' and score < 7) as detractor_count

    from evaluated
    group by all

)

select * from final
