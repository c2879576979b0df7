with

events as (select * from {{ ref('int_annotations__united') }}),

reduced as (select * from {{ ref('int_event_impact__reduced') }}),

estimated as (select * from {{ ref('int_event_impact__estimated') }}),

final as (

    select
        events.annotation_id as event_id,
        events.model_id,

        events.event_date,

        events.kind as event_kind,
        events.title,
        reduced.measure,

        reduced.before_day_count = {{ var('event_window_days') }}
        and reduced.after_day_count = {{ var('event_window_days') }} as is_complete,
        reduced.overlapping_event_count > 0 as has_overlapping_events,

        events.starts_at,

        reduced.before_day_count,
        reduced.after_day_count,
        reduced.before_unit_count as before_observation_count,
        reduced.after_unit_count as after_observation_count,
        estimated.before_value,
        estimated.after_value,
        estimated.change,
        estimated.change_ci_low,
        estimated.change_ci_high,
        estimated.p_value,
        reduced.overlapping_event_count,
        reduced.overlapping_release_count

    from reduced
    inner join events on reduced.annotation_id = events.annotation_id and reduced.model_id = events.model_id
    inner join estimated
        on
            reduced.annotation_id = estimated.annotation_id
            and reduced.model_id = estimated.model_id
            and reduced.measure = estimated.measure

)

select * from final
