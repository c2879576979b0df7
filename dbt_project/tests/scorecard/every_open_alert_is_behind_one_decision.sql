-- Every open alert is behind exactly one decision, unless that was recorded as taken since; and none that is not open.
with

behind as (

    select unnest(string_split(alert_ids, ',')) as alert_id
    from {{ ref('mart_decisions') }}
    where alert_count > 0

),

counted as (

    select
        alert_id,
        count(*) as decision_count
    from behind
    group by alert_id

)

select
    alerts.alert_id,
    alerts.status,
    counted.decision_count
from {{ ref('mart_alerts') }} as alerts
left join counted on alerts.alert_id = counted.alert_id
where
    coalesce(counted.decision_count, 0) <> case when alerts.status = 'open' then 1 else 0 end
    and not (
        alerts.status = 'open'
        and counted.decision_count is null
        and exists (
            select 1
            from {{ source('catalog', 'decisions') }} as decisions
            where decisions.decided_date >= cast(alerts.opened_at as date)
        )
    )
