"""Surveys, overrides, tickets and notes, and what a release did to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.integration.conftest import Company
from tests.integration.planted.register import (
    Facts,
    Interval,
    estimate,
    exact,
    keyed,
    scorecard_weeks,
    start_of,
    whole_weeks,
)

RESPONSES = (
    "response_count", "unscored_response_count", "unfinished_response_count", "preview_response_count",
    "spam_response_count", "late_response_count", "duplicate_response_count", "promoter_count", "passive_count",
    "detractor_count",
)  # fmt: skip
NPS = RESPONSES[-3:]
"""Only a Net Promoter question has them."""


@exact("answers and ratings of every measure and day, what does not count by its reason")
def responses(company: Company) -> tuple[Facts, Facts]:
    """And the sum of their scores."""
    planted = {
        (row["model_id"], row["measure"], row["date"]): (
            *(None if name in NPS and row["measure"] != "nps" else row.get(name, 0) for name in RESPONSES),
            row.get("score_sum", 0) if row["model_id"] != "unmapped" or row["measure"] == "thumbs" else 0,
        )
        for row in company.truth["feedback"]["scores"]
    }
    found = {
        key: value
        for key, value in keyed(
            company.rows(
                "select model_id, measure, event_date::varchar, observation_count, "
                f"{', '.join(RESPONSES[1:])}, coalesce(round(score * observation_count), 0)::bigint "
                "from mart_satisfaction_measures_daily where measure not in ('trust', 'ticket_csat')"
            ),
            3,
        ).items()
        if key in planted or any(value)
    }
    return planted, found


@exact("decisions and overrides of every day, also the ones of the next day")
def overrides(company: Company) -> tuple[Facts, Facts]:
    """By model."""
    planted = {
        (row["model_id"], row["date"]): (row["overridable_count"], row["overridden_count"])
        for row in company.truth["feedback"]["decisions"]
    }
    found = company.rows(
        "select model_id, event_date::varchar, overridable_count, overridden_count from mart_satisfaction_daily "
        "where overridable_count is not null"
    )
    return planted, keyed(found, 2)


@exact("tickets of every day, less merged and deleted ones")
def tickets(company: Company) -> tuple[Facts, Facts]:
    """By model, days without one left out."""
    planted = {
        (row["model_id"], row["date"]): (row["ticket_count"],)
        for row in company.truth["feedback"]["tickets"]
        if row["model_id"] != "unmapped" and row.get("ticket_count")
    }
    found = company.rows(
        "select model_id, event_date::varchar, ticket_count from mart_satisfaction_daily where ticket_count > 0"
    )
    return planted, keyed(found, 2)


@exact("campaigns and notes")
def remarks(company: Company) -> tuple[Facts, Facts]:
    """Each where it belongs."""
    truth = company.truth["feedback"]
    planted = {tuple(row[name] for name in ("model_id", "kind", "title", "start")): 1 for row in truth["annotations"]}
    found = dict.fromkeys(
        company.rows(
            "select model_id, kind, title, event_date::varchar from mart_annotations where source = 'campaigns'"
        ),
        1,
    )
    notes: defaultdict[Any, int] = defaultdict(int)
    for note in truth["notes"]:
        notes[tuple(note[name] for name in ("model_id", "date", "kind", "theme", "sentiment"))] += 1
    for row in company.rows(
        "select model_id, event_date::varchar, note_kind, theme, sentiment, count(*) from mart_notes "
        "where source = 'notes' group by all"
    ):
        found[row[:-1]] = row[-1]
    return {**planted, **notes}, found


@estimate("effects of releases on satisfaction")
def release_effects(company: Company) -> Iterator[Interval]:
    """Of one that nobody minds, one that hurts and one that improves."""
    for law in company.truth["feedback"]["release_effects"]:
        ((low, high),) = company.rows(
            "select change_ci_low, change_ci_high from mart_event_impact "
            "where model_id = ? and measure = ? and event_kind = 'release' and event_date = ?",
            law["model_id"],
            law["measure"],
            start_of(company) + timedelta(days=law["age"]),
        )
        yield Interval(f"{law['measure']}, day {law['age']}", law["effect"], low, high)


@estimate("satisfaction of every model and week, on the scorecard")
def weekly_satisfaction(company: Company) -> Iterator[Interval]:
    """Answers and ratings by their laws; weeks in which the law changes are left out."""
    found = scorecard_weeks(company, "satisfaction")
    for age, week in whole_weeks(company):
        for model, law in company.truth["feedback"]["score_law"].items():
            if len(set(law[age : age + 7])) == 1 and (model, week) in found:
                yield Interval(f"{model}, {week}", law[age], *found[model, week])


@estimate("trust of every model and week, on the scorecard: one less the override rate")
def weekly_trust(company: Company) -> Iterator[Interval]:
    """The law's rate of each day, weighted by the day's decisions."""
    asked = {
        (row["model_id"], date.fromisoformat(row["date"])): row["overridable_count"]
        for row in company.truth["feedback"]["decisions"]
    }
    found = scorecard_weeks(company, "satisfaction")
    for age, week in whole_weeks(company):
        for model, law in company.truth["feedback"]["override_law"].items():
            if (model, week) not in found:
                continue
            overruled = decided = 0.0
            for later in range(7):
                count = asked.get((model, week + timedelta(days=later)), 0)
                passed = min(age + later, law["days"]) / law["days"]
                overruled += count * (law["first"] + (law["last"] - law["first"]) * passed)
                decided += count
            yield Interval(f"{model}, {week}", 1 - overruled / decided, *found[model, week])
