"""The decision sections: open decisions, gates, experiments, ROI, feedback, and the roles that decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from pipelines.catalog.domains.roles import Role
from pipelines.scorecard import words
from pipelines.scorecard.reviews import pictures
from pipelines.scorecard.reviews.document import Block, Cell, Items, Section, Text, table
from pipelines.scorecard.reviews.facts import Facts, Row, Rows, status_cell


def open_decisions(facts: Facts) -> Section:
    """What has to be decided, failed before waiting, then oldest first: it leads every review."""
    found = facts["decisions"]
    counted = Counter(row["severity"] for row in found)
    overdue, alerts = sum(row["is_overdue"] for row in found), sum(row["alert_count"] for row in found)
    says = (
        f"{words.plural(len(found), 'decision')} open on {words.day(found[0]['as_of'])}: "
        f"{counted['critical']} critical, {counted['failed']} failed, {counted['waiting']} waiting; "
        f"{overdue} overdue. {words.plural(alerts, 'alert')} behind them."
        if found
        else "Nothing is waiting for a decision."
    )
    rows: Rows = [
        [
            Cell(row["subject_name"], row["decision_name"]),
            row["severity"],
            words.short_day(row["opened_date"]),
            Cell(words.short_day(row["due_date"]), "overdue" if row["is_overdue"] else ""),
            Cell(row["owner"] or words.NONE, _signers(row)),
            Cell(row["evidence"], row["options"]),
        ]
        for row in found
    ]
    head = ["Decision", "Severity", "Since", "Due", "Owner", "Evidence and options"]
    caption = "Open decisions, as of the newest data: failed first, then oldest."
    return Section("decisions", "To decide", says, (table(caption, head, rows),) if rows else ())


def _signers(row: Row) -> str:
    """The role that decides, and those that must sign if they are others."""
    missing = [words.role(role) for role in (row["sign_off_roles"] or "").split(",") if role]
    return words.role(row["owner_role"]) + (
        f"; to sign: {words.listed(missing)}" if missing and row["sign_off_roles"] != row["owner_role"] else ""
    )


def gates(facts: Facts) -> Section:
    """Decision gates in the period and coming; overdue ones are among the open decisions."""
    found = facts["gates"]
    due = sum(row["due_date"] <= facts.period.end for row in found)
    says = f"{due} due, {len(found) - due} coming up." if found else "No gate is due."
    rows: Rows = []
    for row in found:
        rows.append(
            [
                Cell(facts.model(row["model_id"]), row["gate_name"]),
                Cell(words.short_day(row["due_date"]), "coming" if row["due_date"] > facts.last_day else "due"),
                f"{row['passed_count']} of {row['criterion_count']}",
                Cell(row["failed"] or words.NONE, status="off_target" if row["failed_count"] else None),
                row["waiting"] or words.NONE,
            ]
        )
    head = ["Model and gate", "Due", "Passed", "Failed", "Waiting for"]
    return Section(
        "gates",
        "Decision gates",
        says,
        (table("Gates and their criteria, as of now.", head, rows),) if rows else (),
    )


def launch_gates(facts: Facts) -> Section:
    """Every criterion of a launched model's gates, with its evidence."""
    found = facts["criteria"]
    counted = Counter(row["status"] for row in found)
    waiting = counted["waiting_for_person"] + counted["waiting_for_data"]
    says = (
        f"{counted['passed']} of {words.plural(len(found), 'criterion', 'criteria')} passed, "
        f"{counted['failed']} failed, "
        f"{waiting} waiting for a sign-off or data, {counted['not_due']} not due yet."
        if found
        else "The catalog has no launch date for this model, or no decision gates: nothing is due."
    )
    shown = {"passed": "on_target", "failed": "off_target", "not_due": None}
    rows: Rows = [
        [
            Cell(row["gate_name"], words.day(row["due_date"])),
            row["statement"],
            Cell(row["status"].replace("_", " "), status=shown.get(row["status"], "at_risk")),
            row["evidence"]
            or (f"The {words.role(row['sign_off_role'])} decides." if row["sign_off_role"] else words.NONE),
        ]
        for row in found
    ]
    head = ["Gate", "Criterion", "Status", "Evidence"]
    return Section("gates", "Decision gates", says, (table("Criteria by due date.", head, rows),) if rows else ())


def since_launch(facts: Facts) -> Section:
    """A model's KPIs, month by month, with baseline and target."""
    months = sorted({row["period_start_date"] for row in facts["months"] if row["value"] is not None})[-6:]
    cells = {(row["kpi_id"], row["period_start_date"]): row for row in facts["months"]}
    newest = {row["kpi_id"]: row for row in facts["months"]}
    rows: Rows = [
        [
            Cell(kpi["kpi_name"], words.unit_of(kpi["unit"])),
            words.amount(newest[kpi["kpi_id"]]["baseline"], kpi["unit"]),
            *(status_cell(cells.get((kpi["kpi_id"], month)), kpi) for month in months),
        ]
        for kpi in facts["kpis"]
        if kpi["kpi_id"] in newest
    ]
    head = ["KPI", "Baseline", *(f"{month:%B %Y}" for month in months)]
    counted = Counter(row["status"] for row in newest.values())
    says = (
        f"In {months[-1]:%B %Y}, {counted['on_target']} targets met, {counted['at_risk']} at risk, "
        f"{counted['off_target']} missed."
        if months
        else "Nothing has been measured yet."
    )
    return Section(
        "since-launch",
        "Month by month",
        says,
        (table("KPIs with baseline and target.", head, rows),) if rows else (),
    )


def experiments(facts: Facts) -> Section:
    """Finished experiments with their conclusion, and running ones."""
    found = facts["experiments"]
    finished = [row for row in found if row["is_finished"]]
    says = (
        f"{words.plural(len(finished), 'experiment')} finished, {len(found) - len(finished)} still running."
        if found
        else "No experiment ran."
    )
    rows: Rows = [
        [
            Cell(row["experiment_name"], facts.model(row["model_id"])),
            Cell(
                f"ended {words.short_day(row['end_date'])}" if row["is_finished"] else "running",
                f"since {words.short_day(row['start_date'])}",
            ),
            row["metric_name"],
            Cell(
                words.NONE if row["status"] == "invalid" else words.percent(row["lift_relative"], signed=True),
                ""
                if row["status"] == "invalid" or row["lift_relative_ci_low"] is None
                else f"95 %: {words.percent(row['lift_relative_ci_low'], signed=True)} to "
                f"{words.percent(row['lift_relative_ci_high'], signed=True)}",
            ),
            Cell(row["decision"] or words.NONE, words.GRADES.get(row["evidence_grade"], row["evidence_grade"] or "")),
        ]
        for row in found
    ]
    head = ["Experiment", "Status", "Primary metric", "Lift", "Conclusion"]
    caption = "Experiments with their primary metric; invalid ones have no lift."
    return Section("experiments", "Experiments", says, (table(caption, head, rows, [3]),) if rows else ())


def roi(facts: Facts) -> Section:
    """The ROI retrospective: cumulative value of the models, and projects compared with their plans."""
    measured = [row for row in _newest(facts).values() if row["evidence_grade"] != "declared"]
    evaluated = [row for row in facts["projects"] if None not in (row["npv_usd"], row["planned_npv_usd"])]
    ahead = [row for row in evaluated if row["npv_usd"] >= row["planned_npv_usd"]]
    says = (
        f"{words.plural(len(measured), 'model')} of {len(facts['models'])} with measured value; "
        f"{len(ahead)} of {words.plural(len(evaluated), 'project')} at or above plan."
        if measured or evaluated
        else "No value has been measured and no project has a plan."
    )
    return Section("roi", "ROI retrospective", says, (*_value(facts), *_projects(facts)))


def _newest(facts: Facts) -> dict[str, Row]:
    """The cumulative value of each model on its newest day."""
    return {row["model_id"]: row for row in facts["value"]}


def _value(facts: Facts) -> Iterator[Block]:
    newest = _newest(facts)
    shown = {model_id for model_id, row in newest.items() if row["evidence_grade"] != "declared"}
    series = [{**row, "model_name": facts.model(row["model_id"])} for row in facts["value"] if row["model_id"] in shown]
    if series:
        yield pictures.cumulative(series)
    cells = {row["model_id"]: row for row in facts["cells"] if row["kpi_id"] == "business_value"}
    rows: Rows = []
    for model_id, row in sorted(newest.items(), key=lambda pair: facts.model(pair[0])):
        cell = cells.get(model_id, {})
        between = words.interval(row["cumulative_value_ci_low_usd"], row["cumulative_value_ci_high_usd"], "USD")
        rows.append(
            [
                facts.model(model_id),
                Cell(words.amount(row["cumulative_value_usd"], "USD"), _ninety_five(between)),
                Cell(
                    words.amount(cell.get("value"), "USD"),
                    _ninety_five(words.interval(cell.get("ci_low"), cell.get("ci_high"), "USD")),
                    cell.get("status"),
                ),
                words.amount(cell.get("target"), "USD"),
                Cell(
                    words.GRADES.get(row["evidence_grade"], row["evidence_grade"] or words.NONE),
                    "not yet tested" if row["evidence_grade"] == "declared" else "",
                ),
            ]
        )
    if rows:
        head = [
            "Model",
            "Cumulative value",
            f"Per month, this {facts.period.grain}{facts.scaled('USD a month')}",
            "Target per month",
            "Evidence",
        ]
        caption = "Business value; intervals assume fully correlated errors of one experiment's days."
        yield table(caption, head, rows, [1, 2, 3])


def _projects(facts: Facts) -> Iterator[Block]:
    projects = facts["projects"]
    if not projects:
        return
    rows: Rows = [
        [
            Cell(row["project_name"], row["sponsor"] or ""),
            Cell(
                words.amount(row["npv_to_date_usd"], "USD"),
                f"planned {words.amount(row['planned_npv_to_date_usd'], 'USD')}"
                if row["planned_npv_to_date_usd"] is not None
                else "",
            ),
            Cell(
                words.amount(row["npv_usd"], "USD"),
                f"planned {words.amount(row['planned_npv_usd'], 'USD')}"
                if row["npv_usd"] is not None
                else row["gap_reason"] or "",
            ),
            words.change(row["npv_usd"] - row["planned_npv_usd"], "USD")
            if None not in (row["npv_usd"], row["planned_npv_usd"])
            else words.NONE,
            f"{words.number(row['payback_months'])} months" if row["payback_months"] is not None else "never",
            words.percent(row["npv_positive_rate"]),
        ]
        for row in projects
    ]
    head = ["Project", "NPV to date", "NPV at completion", "Variance from plan", "Payback", "Probability that NPV > 0"]
    begun = [row["month_date"] for row in projects if row["month_date"] <= facts.period.end]
    month = f"{max(begun, default=facts.period.end):%B %Y}"
    caption = f"Projects as known at the end of {month}: actuals for closed months, plan for the others."
    yield table(caption, head, rows, range(1, 6))


def _ninety_five(between: str) -> str:
    return f"95 %: {between}" if between else ""


def notes(facts: Facts) -> Section:
    """Interviews and reviews, and each model's most negative comments."""
    found = facts["notes"]
    written = [row for row in found if row["note_kind"] != "comment"]
    says = (
        f"{words.plural(len(written), 'note')}, and the most negative comments on each model."
        if found
        else "No notes or comments."
    )
    items = tuple(_note(facts, row) for row in found)
    return Section("notes", "Feedback", says, (Items(items),) if items else ())


def _note(facts: Facts, row: Row) -> str:
    said = [facts.model(row["model_id"]), words.short_day(row["event_date"]), row["note_kind"]]
    said += [row[name] for name in ("author_role", "theme", "sentiment") if row[name]]
    title = f"{row['title']}: " if row["title"] else ""
    return f"{', '.join(said)}: {title}“{row['text']}”"


def governance(facts: Facts) -> Section:
    """The meeting for this review, the roles of each model, and the next date."""
    meeting = facts.catalog.company.reviews[facts.period.cadence]
    chosen = [facts.member(row["model_id"]) for row in facts["models"]]
    members = [member for member in chosen if member is not None]
    after = facts.period.after
    says = (
        f"{meeting.name}, run by the {words.role(meeting.chair)}"
        f"{f' with {words.listed([words.role(role) for role in meeting.attend])}' if meeting.attend else ''}. "
        f"The next one covers {words.span(after.start, after.end)}."
    )
    roles: Sequence[Role] = (meeting.chair, *(role for role in meeting.attend if role != meeting.chair))
    rows: Rows = [[member.name, *(getattr(member.roles, role) or words.NONE for role in roles)] for member in members]
    head = ["Model", *(words.role(role)[:1].upper() + words.role(role)[1:] for role in roles)]
    blocks: list[Block] = [table("Roles of each model.", head, rows)] if rows else []
    blocks.append(Text("Decisions: ____________________________________________"))
    return Section("governance", "Participants and decisions", says, tuple(blocks))


def known_until(moment: datetime | None) -> str:
    """When the marts were published."""
    return "an unknown time" if moment is None else f"{words.day(moment)} {moment:%H:%M} UTC"
