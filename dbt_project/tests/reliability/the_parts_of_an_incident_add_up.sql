-- Detect, acknowledge and repair are the whole of a time to resolve, and none of them is negative.
select
    incident_id,
    detect_seconds,
    acknowledge_seconds,
    repair_seconds,
    resolve_seconds,
    closed_between_seconds,
    age_seconds

from {{ ref('fct_incidents') }}
where
    coalesce(detect_seconds, 0) + acknowledge_seconds + repair_seconds <> resolve_seconds
    or least(detect_seconds, acknowledge_seconds, repair_seconds, resolve_seconds, closed_between_seconds, age_seconds)
    < 0
    or closed_between_seconds > coalesce(resolve_seconds, age_seconds)
    or is_open <> (resolve_seconds is null)
    or is_open <> (age_seconds is not null)
