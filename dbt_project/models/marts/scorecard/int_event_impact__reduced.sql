{{ config(materialized='view') }}

with

events as (select * from {{ ref('int_annotations__united') }}),

days as (select * from {{ ref('int_satisfaction_days__united') }}),

neighbours as (

    select
        events.annotation_id,
        events.model_id,
        count(others.annotation_id) as overlapping_event_count,
        count(others.annotation_id) filter (where others.kind = 'release') as overlapping_release_count

    from events
    inner join events as others
        on
            events.model_id = others.model_id
            and events.annotation_id <> others.annotation_id
            and abs(others.event_date - events.event_date) < {{ var('event_window_days') }}
    group by all

),

-- Days are added in their order: sums of doubles in another one differ in their last digit, from run to run.
final as (

    select
        events.annotation_id,
        events.model_id,

        days.measure,
        days.metric,

        {% for side, holds in [('before', '<'), ('after', '>=')] -%}
        {% set inside = 'days.event_date ' ~ holds ~ ' events.event_date' -%}
        count(*) filter (where {{ inside }}) as {{ side }}_day_count,
        cast(coalesce(sum(days.unit_count) filter (where {{ inside }}), 0) as bigint) as {{ side }}_unit_count,
        coalesce(sum(days.x_sum order by days.event_date) filter (where {{ inside }}), 0) as {{ side }}_x_sum,
        coalesce(sum(days.x_square_sum order by days.event_date) filter (where {{ inside }}), 0)
            as {{ side }}_x_square_sum,
        sum(days.d_sum order by days.event_date) filter (where {{ inside }}) as {{ side }}_d_sum,
        sum(days.d_sum * days.d_sum order by days.event_date) filter (where {{ inside }}) as {{ side }}_d_square_sum,
        sum(days.x_sum * days.d_sum order by days.event_date) filter (where {{ inside }}) as {{ side }}_xd_sum,
        {% endfor -%}
        max(coalesce(neighbours.overlapping_event_count, 0)) as overlapping_event_count,
        max(coalesce(neighbours.overlapping_release_count, 0)) as overlapping_release_count

    from events
    inner join days
        on
            events.model_id = days.model_id
            and days.event_date >= events.event_date - {{ var('event_window_days') }}
            and days.event_date < events.event_date + {{ var('event_window_days') }}
    left join neighbours
        on events.annotation_id = neighbours.annotation_id and events.model_id = neighbours.model_id
    group by all

)

select * from final
