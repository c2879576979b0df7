{#- Conservation: every delivered event is in exactly one place, counted against the raw tables and the fact,
    over the days a run rebuilt. -#}
{% test events_add_up(model) %}
    with delivered as (
        select source, event_date, count(*) as event_count
        from {{ ref('int_events__combined') }}
        where {{ var('rebuilt_days') }}
        group by source, event_date
    ),

    used as (
        select
            events.source,
            events.event_date,
            count(distinct events.delivery_id) as event_count
        from {{ ref('int_events__unified') }} as events
        inner join {{ ref('int_identities__joined') }} as identities
            on
                events.source = identities.source
                and events.delivery_id = identities.delivery_id
        inner join {{ ref('fct_feature_use_daily') }} as uses
            on
                events.feature_id = uses.feature_id
                and events.stage = uses.stage
                and events.event_date = uses.event_date
                and uses.user_id = case
                    when events.is_process then events.process_id else identities.user_id
                end
        where not identities.is_excluded and events.{{ var('rebuilt_days') }}
        group by events.source, events.event_date
    )

    select *
    from delivered
    full outer join (select * from {{ model }} where {{ var('rebuilt_days') }}) as accounted
        on
            delivered.source = accounted.source
            and delivered.event_date = accounted.event_date
    left join used
        on
            delivered.source = used.source
            and delivered.event_date = used.event_date
    where
        delivered.event_count is distinct from accounted.delivered_event_count
        or accounted.delivered_event_count is distinct from accounted.duplicate_event_count
        + accounted.other_event_count + accounted.excluded_event_count
        + accounted.anonymous_event_count + accounted.counted_event_count
        or accounted.counted_event_count is distinct from coalesce(used.event_count, 0)
        or least(
            accounted.duplicate_event_count, accounted.other_event_count,
            accounted.excluded_event_count, accounted.anonymous_event_count
        ) < 0
{% endtest %}
