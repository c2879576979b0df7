with

logged as (select * from {{ ref('stg_predictions__predictions') }}),

repeated as (select * from {{ ref('int_predictions__repeated') }}),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

quality as (select * from {{ source('catalog', 'quality') }}),

thresholds as (select * from {{ source('catalog', 'operating_thresholds') }}),

mapped as (

    select
        logged.*,
        {{ serving_model_id() }} as model_id

    from logged
    {{ serving_model_joins("'predictions'") }}
    anti join repeated
        on
            logged.event_date = repeated.event_date
            and logged.content_id = repeated.content_id
            and logged.row_number = repeated.row_number

),

asked as (

    select
        mapped.* exclude (score, scores),
        mapped.scores as class_scores,
        quality.task,
        quality.positive_class,
        quality.ranking_cutoff,
        thresholds.threshold,
        case
            when quality.task = 'multiclass'
                then coalesce(mapped.score, {{ class_score('mapped.scores', 'mapped.prediction') }})
            else mapped.score
        end as logged_score

    from mapped
    left join quality on mapped.model_id = quality.member_id
    left join thresholds
        on
            mapped.model_id = thresholds.member_id
            and {{ as_of('thresholds', 'mapped.event_date') }}

),

-- A hair's breadth beyond 0 or 1 a probability is rounded.
rounded as (

    select
        * exclude (logged_score),
        case
            when task in ('binary', 'multiclass') and logged_score between -1e-6 and 0 then 0
            when task in ('binary', 'multiclass') and logged_score between 1 and 1 + 1e-6 then 1
            else logged_score
        end as score

    from asked

),

final as (

    select
        prediction_id,
        model_id,

        predicted_at,
        event_date,

        logged_name,
        model_version,
        environment,
        prediction,
        class_scores,
        cohorts,
        task,
        positive_class,
        -- What was decided in production is what the log says; the threshold speaks where it holds a score alone.
        case task
            when 'binary'
                then
                    case
                        when prediction is not null
                            then
                                case
                                    when {{ same_class('prediction', 'positive_class') }} then 'positive'
                                    else 'negative'
                                end
                        when score >= threshold then 'positive'
                        when score < threshold then 'negative'
                    end
            when 'multiclass' then prediction
            when 'review' then 'positive'
        end as predicted_label,

        score,
        {{ score_bin('score') }} as score_bin,
        ranking_cutoff,
        content_id,
        row_number

    from rounded

)

select * from final
