"""The three templates, filled in from the marts: ROI, experiment plan, incident post-mortem.

Unknown values are left blank for a person: ____. Their text is in `assets/templates/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa

from pipelines.catalog.domains.members import AiMember
from pipelines.catalog.domains.value import ValueStream
from pipelines.scorecard import markdown, words
from pipelines.scorecard.plans import Plan, stub, summary
from pipelines.sources import all_sources

Reader = Callable[[Mapping[str, str], Mapping[str, object]], Mapping[str, pa.Table]]
Row = dict[str, Any]

ROI: Final[Mapping[str, str]] = MappingProxyType(
    {
        "months": (
            "select period_start_date, as_of = last_day(period_start_date) as is_whole, value, ci_low, ci_high, "
            "target, gap_reason from mart_scorecard where model_id = $model and kpi_id = 'business_value' "
            "and period = 'month' order by period_start_date"
        ),
        "total": (
            "select event_date, evidence_grade, cumulative_value_usd, cumulative_value_ci_low_usd, "
            "cumulative_value_ci_high_usd from mart_business_value_daily where model_id = $model "
            "and cumulative_value_usd is not null order by event_date desc limit 1"
        ),
        "volume": (
            "select month_date, exposed_volume from (select date_trunc('month', event_date)::date as month_date, "
            "max(event_date) as last_date, sum(exposed_volume) as exposed_volume from mart_business_value_daily "
            "where model_id = $model and exposed_volume > 0 group by month_date) "
            "order by last_date = last_day(month_date) desc, month_date desc limit 1"
        ),
        "effects": (
            "select experiment_id, experiment_name, metric_id, metric_name, metric_kind, variation_id, status, "
            "evidence_grade, lift_absolute, lift_absolute_ci_low, lift_absolute_ci_high, lift_relative, "
            "lift_relative_ci_low, lift_relative_ci_high from mart_experiments where model_id = $model "
            "and not is_control order by is_primary desc, metric_id, variation_id"
        ),
        "controls": (
            "select experiment_id, metric_id, mean_value, unit_count from mart_experiments "
            "where model_id = $model and is_control"
        ),
        "projects": (
            "select project_id, known.project_name, model_ids, known.as_of, sum(-planned_capital_usd) as capital, "
            "avg(-planned_operating_usd) as operating, sum(-actual_capital_usd) as actual_capital, "
            "sum(-actual_operating_usd) as actual_operating, max(discount_rate) as discount_rate "
            "from mart_project_finance_monthly inner join (select distinct project_id, project_name, model_ids, as_of "
            "from mart_project_scenarios where list_contains(string_split(model_ids, ','), $model)) as known "
            "using (project_id) group by all order by known.project_name"
        ),
        "scenarios": (
            "select * from mart_project_scenarios where list_contains(string_split(model_ids, ','), $model) "
            "order by project_id, kind, case name when 'downside' then 1 when 'base' then 2 else 3 end, "
            "npv_swing_usd desc"
        ),
    }
)
POSTMORTEM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "incidents": "select * from mart_incidents where model_id = $model order by started_at desc",
        "timeline": (
            "select event_at, event_kind, detail, record_source, record_key, is_by_person from mart_incident_timeline "
            "where incident_id = $incident order by event_number"
        ),
        "impact": "select * from mart_incident_impact where incident_id = $incident order by measure desc",
        "before": (
            "select kind, title, starts_at from mart_annotations inner join (select model_id, started_at "
            "from mart_incidents where incident_id = $incident) using (model_id) where kind <> 'incident' "
            "and starts_at between started_at - interval 72 hour and started_at order by starts_at"
        ),
        "alerts": (
            "select alert_kind, subject_id, alerts.opened_at, opening_evidence as evidence from mart_alerts as alerts "
            "inner join mart_incidents as incidents on alerts.model_id = incidents.model_id "
            "and incidents.incident_id = $incident where alert_kind <> 'kpi_off_target' "
            "and opened_at <= coalesce(resolved_at, known_until_at) and (closed_at is null or closed_at >= started_at) "
            "order by opened_at"
        ),
        "target": (
            "select target from mart_scorecard inner join (select model_id, detected_date from mart_incidents "
            "where incident_id = $incident) using (model_id) where kpi_id = 'mttr' and period = 'day' "
            "and period_start_date = detected_date"
        ),
    }
)
MEASURES: Final = {
    "predictions_per_hour": ("Predictions per hour", ""),
    "unavailable_rate": ("Unavailable requests", "share"),
    "latency_p95_ms": ("p95 latency, ms", ""),
}
EVENTS: Final = {
    "impact_start": "Impact started",
    "filed": "Ticket filed",
    "trigger": "Alert triggered",
    "notify": "Notification sent",
    "acknowledge": "Acknowledged",
    "unacknowledge": "Acknowledgement expired",
    "escalate": "Escalated",
    "assign": "Assigned",
    "annotate": "Note added",
    "resolve": "Resolved",
    "status": "Ticket status changed",
    "resolution": "Ticket resolution set",
}
MOST_LISTED: Final = 10


class TemplateError(Exception):
    """Missing input of a template, with the available choices."""


def roi(read: Reader, member: AiMember, published_at: datetime | None) -> str:
    """The ROI template of `member`, in Markdown."""
    tables = _rows(read(ROI, {"model": member.id}))
    volume = tables["volume"][0] if tables["volume"] else None
    total = tables["total"][0] if tables["total"] else None
    projects = [
        {
            **project,
            "scenarios": _of(tables["scenarios"], project, "scenario"),
            "inputs": _of(tables["scenarios"], project, "input"),
            "chance": next((row for row in _of(tables["scenarios"], project, "scenario") if row["draw_count"]), None),
        }
        for project in tables["projects"]
    ]
    return _filled(
        "roi",
        published_at,
        member=member,
        owner=_owner(member),
        grade=total["evidence_grade"] if total else None,
        streams=[_stream(stream, tables) for stream in member.value],
        month=f"{volume['month_date']:%B %Y}" if volume else None,
        volume=words.number(volume["exposed_volume"]) if volume else None,
        months=tables["months"],
        total=total,
        projects=projects,
    )


def experiment(planned: Plan, begins: date, published_at: datetime | None) -> str:
    """The experiment plan, in Markdown; `begins` is the day its stub for the catalog starts."""
    member = planned.member
    secondary = [metric.name for metric in planned.like.secondary_metrics] if planned.like else []
    return _filled(
        "experiment",
        published_at,
        planned=planned,
        summary=summary(planned),
        reach=planned.reach(),
        secondary=words.listed(secondary),
        guardrails=words.listed([f"{rail.id} ({rail.subject.replace('_', ' ')})" for rail in member.guardrails]),
        owner=_owner(member),
        stub=markdown.Raw(stub(planned, begins).strip().replace("```", "'''")),
    )


def postmortem(read: Reader, member: AiMember, incident_id: str | None, published_at: datetime | None) -> str:
    """The post-mortem of an incident, in Markdown.

    Raises:
        TemplateError: when the model has no such incident, or none was given; lists the newest ones.
    """
    tables = _rows(read(POSTMORTEM, {"model": member.id, "incident": incident_id}))
    incident = next((row for row in tables["incidents"] if row["incident_id"] == incident_id), None)
    if incident is None:
        there = [
            f"{row['incident_id']} ({row['severity']}, {words.day(row['started_at'])})"
            for row in tables["incidents"][:MOST_LISTED]
        ]
        raise TemplateError(
            (
                f"{member.name} has no incident `{incident_id}`."
                if incident_id
                else "an incident is required: --incident ID."
            )
            + (f" The newest are: {', '.join(there)}." if there else " It has none.")
        )
    timeline = [
        {
            **row,
            "said": EVENTS.get(row["event_kind"], row["event_kind"].replace("_", " ")),
            "where": " ".join(part for part in (_system(row["record_source"]), row["record_key"]) if part),
        }
        for row in tables["timeline"]
    ]
    return _filled(
        "postmortem",
        published_at,
        member=member,
        owner=_owner(member),
        incident=incident,
        timeline=timeline,
        before=tables["before"],
        alerts=tables["alerts"],
        impact=[_impact(row) for row in tables["impact"]],
        target=tables["target"][0]["target"] if tables["target"] else None,
    )


def _impact(row: Row) -> Row:
    name, unit = MEASURES[row["measure"]]
    during, low, high = row["during_value"], row["usual_low"], row["usual_high"]
    if during is None or row["usual_value"] is None:
        reading = "no comparison"
    elif low <= during <= high:
        reading = f"within the previous {words.plural(row['reference_week_count'], 'week')}"
    else:
        reading = "above previous weeks" if during > high else "below previous weeks"
    return {
        "name": name,
        "during": words.amount(during, unit),
        "usual": words.amount(row["usual_value"], unit),
        "range": f"{words.amount(low, unit)} to {words.amount(high, unit)}" if low is not None else words.NONE,
        "change": words.percent(row["change_relative"], signed=True),
        "reading": reading,
    }


def _stream(stream: ValueStream, tables: Mapping[str, list[Row]]) -> Row:
    """A value stream of the model: its volume, and the effect measured by an experiment."""
    effect = next(  # the primary metric comes first
        (
            row
            for row in tables["effects"]
            if row["experiment_id"] == stream.experiment
            and stream.metric in (None, row["metric_id"])
            and stream.variation in (None, row["variation_id"])
        ),
        None,
    )
    found: Row = {"name": stream.name, "volume": stream.volume.replace("_", " ")}
    worth = max(stream.unit_value, key=lambda interval: interval.valid_from, default=None)
    found["unit_value"] = words.amount(worth.usd, "USD") if worth else None
    if effect is None:
        declared = stream.declared_uplift
        return found | {
            "baseline": None,
            "baseline_source": None,
            "uplift": None if declared is None else words.number(declared),
            "uplift_source": "unverified claim in the catalog",
        }
    unit = "share" if effect["metric_kind"] == "proportion" else ""
    which = "lift_absolute" if stream.uplift == "absolute" else "lift_relative"

    def said(value: float) -> str:
        return words.percent(value, signed=True) if which == "lift_relative" else words.change(value, unit)

    low, high = effect[f"{which}_ci_low"], effect[f"{which}_ci_high"]
    between = "" if low is None else f" (95 %: {said(low)} to {said(high)})"
    control = next(
        (
            row
            for row in tables["controls"]
            if (row["experiment_id"], row["metric_id"]) == (effect["experiment_id"], effect["metric_id"])
        ),
        None,
    )
    grade = words.GRADES.get(effect["evidence_grade"], effect["evidence_grade"] or "")
    name = effect["metric_name"]
    return found | {
        "baseline": f"{name}: {words.amount(control['mean_value'], unit)}" if control else name,
        "baseline_source": f"{'the control of ' if control else ''}{effect['experiment_name']}",
        "uplift": None if effect["status"] == "invalid" or effect[which] is None else f"{said(effect[which])}{between}",
        "uplift_source": f"{effect['experiment_name']}, {grade}",
    }


def _of(rows: list[Row], project: Row, kind: str) -> list[Row]:
    return [row for row in rows if row["project_id"] == project["project_id"] and row["kind"] == kind]


def _owner(member: AiMember) -> str | markdown.Raw:
    newest = max(member.owner, key=lambda interval: interval.valid_from, default=None)
    return (newest.owner if newest else member.roles.model_owner) or markdown.Raw("____")


def _system(source: str | None) -> str:
    known = all_sources().get(source or "")
    return known.title if known else source or ""


def _rows(tables: Mapping[str, pa.Table]) -> dict[str, list[Row]]:
    return {name: table.to_pylist() for name, table in tables.items()}


def _filled(template: str, published_at: datetime | None, **values: object) -> str:
    made_at = f"{words.day(published_at)} {published_at:%H:%M} UTC" if published_at else markdown.Raw("____")
    text = markdown.environment().get_template(f"templates/{template}.md.j2").render(made_at=made_at, **values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
