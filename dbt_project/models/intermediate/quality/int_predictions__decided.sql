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
    {{ serving_model_joins('predictions') }}
    anti join repeated
        on
            logged.event_date = repeated.event_date
            and logged.content_id = repeated.content_id
            and logged.row_number = repeated.row_number

),

final as (

    select
        mapped.prediction_id,
        mapped.model_id,

        mapped.predicted_at,
        mapped.event_date,

        mapped.logged_name,
        mapped.model_version,
        mapped.environment,
        mapped.prediction,
        mapped.cohorts,
        quality.task,
        quality.positive_class,
        -- What was decided in production is what the log says; the threshold speaks where it holds a score alone.
        case quality.task
            when 'binary'
                then
                    case
                        when mapped.prediction is not null
                            then
                                case
                                    when mapped.prediction = quality.positive_class then 'positive'
                                    else 'negative'
                                end
                        when mapped.score >= thresholds.threshold then 'positive'
                        when mapped.score < thresholds.threshold then 'negative'
                    end
            when 'multiclass' then mapped.prediction
            when 'review' then 'positive'
        end as predicted_label,

        mapped.score,
        {{ score_bin('mapped.score') }} as score_bin,
        quality.ranking_cutoff

    from mapped
    left join quality on mapped.model_id = quality.member_id
    left join thresholds
        on
            mapped.model_id = thresholds.member_id
            and mapped.event_date >= thresholds.valid_from
            and (thresholds.valid_to is null or mapped.event_date < thresholds.valid_to)

)

select * from final
