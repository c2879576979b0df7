with

source as (

    {{ delivered('ratings', 'decisions') }}

),

renamed as (

    select
        decision_id,

        _day as event_date,

        model_name as logged_name,
        reason,

        is_overridable,
        is_overridden,

        decided_at,

        count(*) over (partition by _day, model_name, decision_id) as delivered_count

    from source
    -- Logged again when it is overridden, perhaps days later. Without a time of logging, the override counts.
    qualify row_number() over (
        partition by _day, model_name, decision_id
        order by
            recorded_at desc nulls last, is_overridden desc,
            delivered_at desc nulls last, _content_id asc, _row desc
    ) = 1

)

select * from renamed
