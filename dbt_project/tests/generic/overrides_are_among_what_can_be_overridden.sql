{#- Who overrules is among those who could, and trust is what is left, of a day as of 28. -#}
{% test overrides_are_among_what_can_be_overridden(model) %}
    select *
    from {{ model }}
    where
        overridden_count > overridable_count
        or overridden_28d_count > overridable_28d_count
        or overridden_count > overridden_28d_count
        or abs(trust_rate - (1 - override_rate)) > 1e-12
        or abs(trust_28d_rate - (1 - override_28d_rate)) > 1e-12
{% endtest %}
