{#- Conservation: every exposure delivered on the days a run rebuilt is in one row, known or unmapped. -#}
{% test every_exposure_is_identified(model) %}
    with delivered as (
        select event_date, count(*) as delivered_count
        from {{ ref('stg_experiments__exposures') }}
        where {{ in_days_to_rebuild('event_date') }}
        group by event_date
    ),

    kept as (
        select event_date, sum(delivered_count) as delivered_count
        from {{ model }}
        where {{ in_days_to_rebuild('event_date') }}
        group by event_date
    )

    select *
    from delivered
    full outer join kept on delivered.event_date = kept.event_date
    where delivered.delivered_count is distinct from kept.delivered_count
{% endtest %}
