with

request_days as (select * from {{ ref('int_request_days__covered') }}),

final as (

    select
        model_id,

        event_date,

        case
            when not is_logged then 'serving logs of the day are not loaded'
            when not is_named then 'the catalog has no identifier of the model in the serving logs for the day'
        end as gap_reason,

        gap_reason is null as is_covered

    from request_days

)

select * from final
