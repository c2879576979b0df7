"""The sections that tell how things stand: rows of the marts turned into sentences, tables and pictures."""

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
"""So many events are named beside a movement; the table below has them all."""


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
            f"Against the {facts.period.grain} before, {words.plural(moved['improved'], 'number')} improved and "
            f"{moved['worsened']} got worse by more than noise."
            if moved["improved"] + moved["worsened"] + moved["steady"]
            else f"There is no {facts.period.grain} before to compare with."
        )
    kpis = facts["kpis"]
    rows: Rows = [
        [facts.model(model["model_id"]), *(status_cell(cells.get((model["model_id"], k["kpi_id"])), k) for k in kpis)]
        for model in facts["models"]
    ]
    head = ["Model", *(row["kpi_name"] for row in kpis)]
    return Section(
        "headline",
        "Where we stand",
        says,
        (table("Every model and KPI against its target.", head, rows),) if rows else (),
    )


def moved(facts: Facts) -> Section:
    """What changed against the period before by more than noise, and what was going on meanwhile."""
    changes = [row for row in facts["changes"] if row["movement"] in ("improved", "worsened")]
    changes.sort(key=lambda row: row["movement"] == "improved")
    steady = sum(row["movement"] == "steady" for row in facts["changes"])
    not_evaluated = sum(row["movement"] is None for row in facts["changes"])
    if changes or steady:
        moved = words.plural(len(changes), "number") if changes else "Nothing"
        says = f"{moved} moved by more than noise, {steady} did not, {not_evaluated} cannot be compared."
    else:
        says = f"There is no {facts.period.grain} before to compare with."
    cells = {(row["model_id"], row["kpi_id"]): row for row in facts["cells"]}
    trails = {(row["model_id"], row["kpi_id"]): tuple(row["trail"]) for row in facts["history"]}
    rows: Rows = []
    for change in changes:
        key = change["model_id"], change["kpi_id"]
        kpi = facts.kpi(change["kpi_id"])
        unit = kpi["unit"]
        relative = "" if unit.startswith("share") else words.percent(change["change_relative"], signed=True)
        between = words.change_interval(change["change_ci_low"], change["change_ci_high"], unit)
        rows.append(
            [
                Cell(facts.model(change["model_id"]), kpi["kpi_name"]),
                Cell("better" if change["movement"] == "improved" else "worse", trend=trails.get(key, ())),
                Cell(words.amount(change["value"], unit), words.unit_of(unit), cells.get(key, {}).get("status")),
                words.amount(change["previous_value"], unit),
                Cell(words.change(change["change"], unit), relative),
                between or ("valued anew" if change["basis"] == "valuation" else "does not vary"),
                _meanwhile(facts, change),
            ]
        )
    head = [
        "Model and KPI",
        "Moved",
        f"This {facts.period.grain}",
        f"The {facts.period.grain} before",
        "Change",
        "Its 95 % interval",
        "Meanwhile",
    ]
    caption = f"Movements against the {facts.period.grain} before, worse ones first; the lines are the last weeks."
    return Section("moved", "What moved", says, (table(caption, head, rows, [2, 3, 4, 5]),) if rows else ())


def _meanwhile(facts: Facts, change: Row) -> str:
    """What may stand behind a change: the parts of a cost, and what happened to the model."""
    said = []
    if change["kpi_id"] == "cost_per_prediction":
        said += [_variance_words(row) for row in facts["variance"] if row["model_id"] == change["model_id"]]
    if change["kpi_id"] != "npv":  # it is told by plans and bookings
        events = [row for row in facts["annotations"] if row["model_id"] == change["model_id"]]
        told = [row for row in events if row["kind"] != "incident"]
        said += [f"{row['title']} ({words.short_day(row['event_date'])})" for row in told[:MOST_EVENTS]]
        rest = Counter(
            row["kind"] for row in (*told[MOST_EVENTS:], *(row for row in events if row["kind"] == "incident"))
        )
        said += [words.plural(count, kind.replace("_", " ")) for kind, count in rest.items()]
    return "; ".join(said) or words.NONE


def _variance_words(row: Row) -> str:
    parts = ", ".join(f"{name} {words.change(row[f'{name}_effect_usd'], 'USD')}" for name in ("price", "volume", "mix"))
    before, after = (words.amount(row[name], "USD") for name in ("previous_cost_usd", "compute_cost_usd"))
    return f"compute cost {before} → {after}: {parts}"


def why(facts: Facts) -> Section:
    """What happened around the changes: events, the parts of the cost, what followed each event."""
    kinds = Counter(row["kind"] for row in facts["annotations"])
    said = [words.plural(kinds[kind], kind.replace("_", " ")) for kind in EVENT_KINDS if kinds[kind]]
    says = (
        f"{words.listed(said)[:1].upper()}{words.listed(said)[1:]} in the {facts.period.grain}."
        if said
        else "No event was recorded."
    )
    return Section("why", "What happened around it", says, (*_events(facts), *_costs(facts), *_impacts(facts)))


def _events(facts: Facts) -> Iterator[Block]:
    if not facts["annotations"]:
        return
    marks = [{**row, "model_name": facts.model(row["model_id"])} for row in facts["annotations"]]
    yield pictures.timeline(marks, facts.period.start, facts.until)
    # Incidents have a section or a count of their own; what concerns several models is told once.
    told: dict[tuple[str, str, str], list[str]] = {}
    for row in facts["annotations"]:
        if row["kind"] != "incident":
            key = words.moment(row["starts_at"]), row["kind"].replace("_", " "), row["title"]
            told.setdefault(key, []).append(facts.model(row["model_id"]))
    rows: Rows = [[when, kind, title, ", ".join(models)] for (when, kind, title), models in told.items()]
    if rows:
        yield table("What happened, in order.", ["When (UTC)", "What", "Title", "Models"], rows)


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
    head = ["Model", "Month before", "Price", "Volume", "Mix", "Month", "Predictions"]
    caption = (
        "Compute cost, month before to month: volume is more or fewer predictions at the cost they had, mix their "
        "move between instance types, price the rest."
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
            "other events nearby" if row["has_overlapping_events"] else "alone",
        ]
        for row in facts["impacts"]
    ]
    head = ["Model", "Event", "Measure", "14 days before → after", "Change", "Read with care"]
    caption = "Measures of satisfaction that changed after an event. A difference is no proof of a cause."
    yield table(caption, head, rows, [3, 4])


def off_target(facts: Facts) -> Section:
    """What misses its target, who owns it and what is to be done."""
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
        f"{words.plural(missed, 'target')} missed, {len(cells) - missed} at risk."
        if cells
        else "Every target that is set is met."
    )
    rows: Rows = []
    for row in cells:
        kpi, alert = facts.kpi(row["kpi_id"]), open_alerts.get((row["model_id"], row["kpi_id"]))
        rows.append(
            [
                Cell(facts.model(row["model_id"]), kpi["kpi_name"]),
                Cell(words.amount(row["value"], kpi["unit"]), words.unit_of(kpi["unit"]), row["status"]),
                Cell(words.amount(row["target"], kpi["unit"]), row["objective"] or "no objective: a vanity metric"),
                words.short_day(alert["opened_at"]) if alert else words.NONE,
                alert["owner"] if alert else facts.owner(row["model_id"]),
                alert["recommended_action"]
                if alert and alert["recommended_action"]
                else "To be agreed in this review.",
            ]
        )
    head = ["Model and KPI", "Value", "Target", "Alert since", "Owner", "Action"]
    return Section(
        "off-target", "Off target", says, (table("What is off target or at risk.", head, rows, [1]),) if rows else ()
    )


def alerts(facts: Facts) -> Section:
    """Alerts opened and closed in the period, and those still open at its end."""
    found = facts["alerts"]
    opened, closed = sum(row["is_opened"] for row in found), sum(row["is_closed"] for row in found)
    left = [row for row in found if not row["is_closed"]]
    says = f"{opened} opened, {closed} closed, {len(left)} open at the end." if found else "No alert was open."
    shown = (
        [row for row in found if row["alert_kind"] != "kpi_off_target"]
        if facts.period.cadence == "quarterly"
        else found
    )
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
    head = ["Model and alert", "State", "Opened (UTC)", "Closed", "Evidence, and what to do", "Owner"]
    elsewhere = "; targets missed are in the section above." if facts.period.cadence == "quarterly" else "."
    return Section(
        "alerts", "Alerts", says, (table(f"Alerts, open ones first{elsewhere}", head, rows),) if rows else ()
    )


def _alert_name(facts: Facts, row: Row) -> str:
    if row["alert_kind"] == "kpi_off_target":
        return f"{facts.kpi(row['subject_id'])['kpi_name']} off target"
    if row["alert_kind"] == "slo_burn":
        return f"{row['subject_id']} budget burning"
    return f"{row['alert_kind'].replace('_', ' ')}: {row['subject_id']}"


def _alert_state(row: Row) -> str:
    if row["is_opened"] and row["is_closed"]:
        return "opened and closed"
    return "closed" if row["is_closed"] else "opened" if row["is_opened"] else "still open"


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
        f"{words.plural(new, 'incident')} began, {len(found) - len(left)} were resolved, {len(left)} open at the end."
        if found
        else "No incident."
    )
    rows: Rows = [
        [
            Cell(facts.model(row["model_id"]), row["incident_id"]),
            row["severity"],
            row["title"] or words.NONE,
            words.moment(row["started_at"]),
            f"open, {words.duration(row['age_seconds'])} so far"
            if row["resolved_at"] is None
            else words.moment(row["resolved_at"]),
            Cell(words.duration(row["resolve_seconds"]), "reopened" if row["is_reopened"] else ""),
        ]
        for row in found
    ]
    head = ["Model and incident", "Severity", "Title", "Began (UTC)", "Resolved", "Took"]
    return Section(
        "incidents", "Incidents", says, (table("Incidents, the gravest first.", head, rows, [5]),) if rows else ()
    )


def budgets(facts: Facts) -> Section:
    """How much of each error budget is spent."""
    found = facts["budgets"]
    spent = [row for row in found if (row["budget_spent_28d"] or 0) > 1]
    says = (
        f"{len(spent)} of {words.plural(len(found), 'error budget')} of the last 28 days "
        f"{'is' if len(spent) == 1 else 'are'} spent."
        if found
        else "No service level is promised."
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
    head = ["Model and promise", "Promised", "Budget spent, 28 days", "Burn, 3 days"]
    caption = "Error budgets at the end of the period; a burn of 1 spends exactly what is allowed."
    return Section("budgets", "Error budgets", says, (table(caption, head, rows, [1, 2, 3]),) if rows else ())
