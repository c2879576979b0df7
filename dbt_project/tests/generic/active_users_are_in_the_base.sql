{#- Where a rule defines the base, active users are part of it; a declared size may be wrong. -#}
{% test active_users_are_in_the_base(model) %}
    select counted.*
    from {{ model }} as counted
    inner join {{ source('catalog', 'target_populations') }} as populations
        on
            counted.feature_id = populations.feature_id
            and {{ as_of('populations', 'counted.event_date') }}
    where
        populations.property_name is not null
        and (
            counted.active_28d_user_count > counted.target_user_count
            or counted.active_7d_user_count > counted.active_28d_user_count
            or counted.active_user_count > counted.active_7d_user_count
            or counted.exposed_28d_user_count > counted.target_user_count
        )
{% endtest %}
