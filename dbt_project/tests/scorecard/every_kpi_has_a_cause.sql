-- A new KPI says under which cause its alerts are one decision.
select kpis.kpi_id
from {{ ref('kpis') }} as kpis
anti join {{ ref('decision_subjects') }} as subjects on kpis.kpi_id = subjects.subject
