{#-
    Which user an identity belonged to at a time: the one rule for anonymous and for renamed users.

    `subjects` and `links` name CTEs. Subjects: source, delivery_id, from_id, event_date, happened_at.
    Links: source, from_id, user_id, event_date, happened_at. Gives subjects with linked_user_id and
    link_kind: the user of the nearest link at or after the moment (`after`); where none follows within
    `identity_lookback_days`, of the last one before it (`before`), within as many days; else null.
    One pass of two running values: a join on a range of days would compare every link with every event.
-#}
{% macro nearest_link(subjects, links) -%}
    select
        source,
        delivery_id,
        from_id,
        case
            when next_date <= event_date + {{ var('identity_lookback_days') }} then next_user_id
            when last_date >= event_date - {{ var('identity_lookback_days') }} then last_user_id
        end as linked_user_id,
        case
            when next_date <= event_date + {{ var('identity_lookback_days') }} then 'after'
            when last_date >= event_date - {{ var('identity_lookback_days') }} then 'before'
        end as link_kind
    from (
        select
            *,
            {%- for value in ('user_id', 'date') %}
            first_value(link_{{ value }} ignore nulls) over (
                partition by source, from_id
                order by happened_at, is_link, link_user_id, delivery_id
                rows between current row and unbounded following
            ) as next_{{ value }},
            last_value(link_{{ value }} ignore nulls) over (
                partition by source, from_id
                order by happened_at, is_link, link_user_id, delivery_id
                rows between unbounded preceding and current row
            ) as last_{{ value }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                source,
                delivery_id,
                from_id,
                event_date,
                happened_at,
                0 as is_link,
                cast(null as varchar) as link_user_id,
                cast(null as date) as link_date
            from {{ subjects }}
            union all
            select
                source,
                cast(null as varchar) as delivery_id,
                from_id,
                event_date,
                happened_at,
                1 as is_link,
                user_id as link_user_id,
                event_date as link_date
            from {{ links }}
        ) as timeline
    ) as neighbours
    where is_link = 0
{%- endmacro %}
