"""The status sections: rows of the marts turned into sentences, tables and charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pipelines.scorecard import words
from pipelines.scorecard.reviews import pictures
from pipelines.scorecard.reviews.document import Block, Cell, Section, table
from pipelines.scorecard.reviews.facts import Facts, Row, Rows, status_cell

EVENT_KINDS: Final = ("release", "incident", "campaign", "price_change", "holiday", "other")
MOST_EVENTS: Final = 3
"""The most events listed next to a movement; the table below has them all."""


def headline(facts: Facts) -> Section:
    """How many targets are met, and the whole scorecard at a glance."""
    cells = {(row["model_id"], row["kpi_id"]): row for row in facts["cells"]}
    counted = Counter(row["status"] for row in cells.values())
    evaluated = counted["on_target"] + counted["at_risk"] + counted["off_target"]
    moved = Counter(row["movement"] for row in facts["changes"])
    if not cells or counted["no_data"] == len(cells):
        says = "Nothing has been measured in this period."
    else:
        says = (
            f"{counted['on_target']} of {words.plural(evaluated, 'target')} met, {counted['at_risk']} at risk, "
            f"{counted['off_target']} missed. "
        )
        says += (
            f"Compared with the previous {facts.period.grain}, {words.plural(moved['improved'], 'KPI')} improved and "
            f"{moved['worsened']} worsened significantly."
            if moved["improved"] + moved["worsened"] + moved["steady"]
            else f"There is no previous {facts.period.grain} to compare with."
        )
    kpis = facts["kpis"]
    rows: Rows = [
        [facts.model(model["model_id"]), *(status_cell(cells.get((model["model_id"], k["kpi_id"])), k) for k in kpis)]
        for model in facts["models"]
    ]
    head = ["Model", *(row["kpi_name"] for row in kpis)]
    return Section(
        "headline",
        "Status",
        says,
        (table("Every model and KPI, compared with its target.", head, rows),) if rows else (),
    )


def moved(facts: Facts) -> Section:
    """What changed significantly from the previous period, and concurrent events."""
    changes = [row for row in facts["changes"] if row["movement"] in ("improved", "worsened")]
    changes.sort(key=lambda row: row["movement"] == "improved")
    steady = sum(row["movement"] == "steady" for row in facts["changes"])
    not_evaluated = sum(row["movement"] is None for row in facts["changes"])
    if changes or steady:
        moved = words.plural(len(changes), "KPI") if changes else "No KPI"
        says = f"{moved} changed significantly, {steady} did not, {not_evaluated} cannot be compared."
    else:
        says = f"There is no previous {facts.period.grain} to compare with."
    cells = {(row["model_id"], row["kpi_id"]): row for row in facts["cells"]}
    trails = {(row["model_id"], row["kpi_id"]): tuple(row["trail"]) for row in facts["history"]}
    rows: Rows = []
    for change in changes:
        key = change["model_id"], change["kpi_id"]
        kpi = facts.kpi(change["kpi_id"])
        unit = kpi["unit"]
        has_share = change["change_relative"] is not None and not unit.startswith("share")
        relative = words.percent(change["change_relative"], signed=True) if has_share else ""
        between = words.change_interval(change["change_ci_low"], change["change_ci_high"], unit)
        rows.append(
            [
                Cell(facts.model(change["model_id"]), kpi["kpi_name"]),
                Cell("better" if change["movement"] == "improved" else "worse", trend=trails.get(key, ())),
                Cell(
                    words.amount(change["value"], unit),
                    words.unit_of(unit) + facts.scaled(unit),
                    cells.get(key, {}).get("status"),
                ),
                words.amount(change["previous_value"], unit),
                Cell(words.change(change["change"], unit), relative),
                between or ("revaluation" if change["basis"] == "valuation" else "constant"),
                _meanwhile(facts, change),
            ]
        )
    head = [
        "Model and KPI",
        "Direction",
        f"This {facts.period.grain}",
        f"Previous {facts.period.grain}",
        "Change",
        "95 % confidence interval",
        "Concurrent events",
    ]
    caption = f"Changes from the previous {facts.period.grain}, worse ones first; the lines show the last weeks."
    return Section("moved", "What changed", says, (table(caption, head, rows, [2, 3, 4, 5]),) if rows else ())


def _meanwhile(facts: Facts, change: Row) -> str:
    """What may explain a change: the parts of a cost, and events of the model."""
    said = []
    if change["kpi_id"] == "cost_per_prediction":
        said += [_variance_words(row) for row in facts["variance"] if row["model_id"] == change["model_id"]]
    if change["basis"] != "valuation":  # it depends on plans and actuals
        events = [row for row in facts["annotations"] if row["model_id"] == change["model_id"]]
        shown = [row for row in events if row["kind"] != "incident"]
        said += [f"{row['title']} ({words.short_day(row['event_date'])})" for row in shown[:MOST_EVENTS]]
        rest = Counter(
            row["kind"] for row in (*shown[MOST_EVENTS:], *(row for row in events if row["kind"] == "incident"))
        )
        said += [words.plural(count, kind.replace("_", " ")) for kind, count in rest.items()]
    return "; ".join(said) or words.NONE


def _variance_words(row: Row) -> str:
    parts = ", ".join(f"{name} {words.change(row[f'{name}_effect_usd'], 'USD')}" for name in ("price", "volume", "mix"))
    before, after = (words.amount(row[name], "USD") for name in ("previous_cost_usd", "compute_cost_usd"))
    return f"compute cost {before} → {after}: {parts}"


def why(facts: Facts) -> Section:
    """What explains the changes: events, the parts of the cost, the impact of each event."""
    kinds = Counter(row["kind"] for row in facts["annotations"])
    said = [words.plural(kinds[kind], kind.replace("_", " ")) for kind in EVENT_KINDS if kinds[kind]]
    says = (
        f"{words.listed(said)[:1].upper()}{words.listed(said)[1:]} in the {facts.period.grain}."
        if said
        else "No event was recorded."
    )
    return Section("why", "Events and causes", says, (*_events(facts), *_costs(facts), *_impacts(facts)))


def _events(facts: Facts) -> Iterator[Block]:
    if not facts["annotations"]:
        return
    marks = [{**row, "model_name": facts.model(row["model_id"])} for row in facts["annotations"]]
    yield pictures.timeline(marks, facts.period.start, facts.until)
    # Incidents have a section or a count of their own; an event of several models is shown once.
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in facts["annotations"]:
        if row["kind"] != "incident":
            key = words.moment(row["starts_at"]), row["kind"].replace("_", " "), row["title"]
            found.setdefault(key, []).append(facts.model(row["model_id"]))
    rows: Rows = [[when, kind, title, ", ".join(models)] for (when, kind, title), models in found.items()]
    if rows:
        yield table("Events in order.", ["Time (UTC)", "Kind", "Title", "Models"], rows)


def _costs(facts: Facts) -> Iterator[Block]:
    whole = [row for row in facts["variance"] if row["is_whole"]]
    if not whole:
        return
    named = [{**row, "model_name": facts.model(row["model_id"])} for row in whole]
    yield pictures.variance(named)
    rows: Rows = [
        [
            Cell(
                facts.model(row["model_id"]),
                f"{row['month_date']:%B %Y}" if facts.period.cadence == "quarterly" else "",
            ),
            words.amount(row["previous_cost_usd"], "USD"),
            *(words.change(row[f"{part}_effect_usd"], "USD") for part in ("price", "volume", "mix")),
            words.amount(row["compute_cost_usd"], "USD"),
            Cell(words.number(row["prediction_count"]), f"before {words.number(row['previous_prediction_count'])}"),
        ]
        for row in whole
    ]
    head = ["Model", "Previous month", "Price", "Volume", "Mix", "Month", "Predictions"]
    caption = (
        "Compute cost, previous month to month: volume effect at the previous cost per prediction, mix effect of "
        "shifts between instance types, price effect as the rest."
    )
    yield table(caption, head, rows, range(1, 7))


def _impacts(facts: Facts) -> Iterator[Block]:
    if not facts["impacts"]:
        return
    rows: Rows = [
        [
            facts.model(row["model_id"]),
            Cell(f"{row['event_kind'].replace('_', ' ')}: {row['title']}", words.day(row["event_date"])),
            row["measure"].replace("_", " "),
            f"{words.number(row['before_value'])} → {words.number(row['after_value'])}",
            Cell(
                f"{'+' if row['change'] > 0 else ''}{words.number(row['change'])}",
                f"95 %: {words.number(row['change_ci_low'])} to {words.number(row['change_ci_high'])}",
            ),
            "other events in the same days" if row["has_overlapping_events"] else "none",
        ]
        for row in facts["impacts"]
    ]
    head = ["Model", "Event", "Measure", "14 days before → after", "Change", "Overlap"]
    caption = "Satisfaction measures that changed after an event. A difference is not proof of causation."
    yield table(caption, head, rows, [3, 4])


def off_target(facts: Facts) -> Section:
    """What misses its target, its owner and the action."""
    cells = [row for row in facts["cells"] if row["status"] in ("off_target", "at_risk")]
    order = {kpi["kpi_id"]: place for place, kpi in enumerate(facts["kpis"])}
    cells.sort(key=lambda row: (row["status"] == "at_risk", facts.model(row["model_id"]), order[row["kpi_id"]]))
    open_alerts = {
        (row["model_id"], row["subject_id"]): row
        for row in facts["alerts"]
        if row["alert_kind"] == "kpi_off_target" and not row["is_closed"]
    }
    missed = sum(row["status"] == "off_target" for row in cells)
    says = (
        f"{words.plural(missed, 'target')} missed, {len(cells) - missed} at risk." if cells else "All targets are met."
    )
    rows: Rows = []
    for row in cells:
        kpi, alert = facts.kpi(row["kpi_id"]), open_alerts.get((row["model_id"], row["kpi_id"]))
        rows.append(
            [
                Cell(facts.model(row["model_id"]), kpi["kpi_name"]),
                Cell(
                    words.amount(row["value"], kpi["unit"]),
                    words.unit_of(kpi["unit"]) + facts.scaled(kpi["unit"]),
                    row["status"],
                ),
                Cell(words.amount(row["target"], kpi["unit"]), row["objective"] or "no business objective"),
                words.short_day(alert["opened_at"]) if alert else words.NONE,
                alert["owner"] if alert else facts.owner(row["model_id"]),
                alert["recommended_action"]
                if alert and alert["recommended_action"]
                else "To be agreed in this review.",
            ]
        )
    head = ["Model and KPI", "Value", "Target", "Alert since", "Owner", "Action"]
    return Section(
        "off-target", "Off target", says, (table("KPIs off target or at risk.", head, rows, [1]),) if rows else ()
    )


def alerts(facts: Facts) -> Section:
    """Alerts opened and closed in the period; those that were open before are among the open decisions."""
    found = facts["alerts"]
    opened, closed = sum(row["is_opened"] for row in found), sum(row["is_closed"] for row in found)
    left = [row for row in found if not row["is_closed"]]
    says = f"{opened} opened, {closed} closed, {len(left)} open at the end." if found else "No alert was open."
    shown = [
        row
        for row in found
        if (row["is_opened"] or row["is_closed"])
        and (facts.period.cadence != "quarterly" or row["alert_kind"] != "kpi_off_target")
    ]
    rows: Rows = [
        [
            Cell(facts.model(row["model_id"]), _alert_name(facts, row)),
            Cell(_alert_state(row), row["severity"]),
            words.moment(row["opened_at"]),
            words.moment(row["closed_at"]) if row["is_closed"] else words.NONE,
            Cell(row["evidence"], row["recommended_action"] or ""),
            Cell(row["owner"] or words.NONE, _acknowledged(row)),
        ]
        for row in shown
    ]
    head = ["Model and alert", "State", "Opened (UTC)", "Closed", "Evidence and action", "Owner"]
    elsewhere = "; missed targets are in the section above." if facts.period.cadence == "quarterly" else "."
    return Section(
        "alerts",
        "Alerts",
        says,
        (table(f"Alerts opened or closed in the period, open ones first{elsewhere}", head, rows),) if rows else (),
    )


def _alert_name(facts: Facts, row: Row) -> str:
    if row["alert_kind"] == "kpi_off_target":
        return f"{facts.kpi(row['subject_id'])['kpi_name']} off target"
    if row["alert_kind"] == "slo_burn":
        return f"{row['subject_id']} error budget burn rate"
    return f"{row['alert_kind'].replace('_', ' ')}: {row['subject_id']}"


def _alert_state(row: Row) -> str:
    if row["is_opened"] and row["is_closed"]:
        return "opened and closed"
    return "closed" if row["is_closed"] else "opened"


def _acknowledged(row: Row) -> str:
    if not row["acknowledged_by"]:
        return ""
    return f"acknowledged by {row['acknowledged_by']}" + (
        f": {row['acknowledgement_note']}" if row["acknowledgement_note"] else ""
    )


def incidents(facts: Facts) -> Section:
    """Incidents that began, ended or were open."""
    found = facts["incidents"]
    left = [row for row in found if row["resolved_at"] is None or row["resolved_at"].date() > facts.until]
    new = sum(row["started_at"].date() >= facts.period.start for row in found)
    says = (
        f"{words.plural(new, 'incident')} began, {len(found) - len(left)} resolved, {len(left)} open at the end."
        if found
        else "No incident."
    )
    rows: Rows = [
        [
            Cell(facts.model(row["model_id"]), row["incident_id"]),
            row["severity"],
            row["title"] or words.NONE,
            words.moment(row["started_at"]),
            f"open for {words.duration(row['age_seconds'])}"
            if row["resolved_at"] is None
            else words.moment(row["resolved_at"]),
            Cell(words.duration(row["resolve_seconds"]), "reopened" if row["is_reopened"] else ""),
        ]
        for row in found
    ]
    head = ["Model and incident", "Severity", "Title", "Start (UTC)", "Resolved", "Time to resolve"]
    return Section(
        "incidents", "Incidents", says, (table("Incidents, most severe first.", head, rows, [5]),) if rows else ()
    )


def budgets(facts: Facts) -> Section:
    """How much of each error budget is spent."""
    found = facts["budgets"]
    spent = [row for row in found if (row["budget_spent_28d"] or 0) > 1]
    says = (
        f"{len(spent)} of {words.plural(len(found), 'error budget')} of the last 28 days "
        f"{'is' if len(spent) == 1 else 'are'} exhausted."
        if found
        else "No SLO is set."
    )
    rows: Rows = [
        [
            Cell(facts.model(row["model_id"]), row["slo"]),
            words.percent(row["slo_target_rate"]),
            Cell(
                words.percent(row["budget_spent_28d"]),
                status=None
                if row["budget_spent_28d"] is None
                else "off_target"
                if row["budget_spent_28d"] > 1
                else "on_target",
            ),
            words.number(row["burn_3d"]),
        ]
        for row in found
    ]
    head = ["Model and SLO", "SLO", "Budget spent, 28 days", "Burn rate, 3 days"]
    caption = "Error budgets at the end of the period; a burn rate of 1 spends exactly the budget."
    return Section("budgets", "Error budgets", says, (table(caption, head, rows, [1, 2, 3]),) if rows else ())
