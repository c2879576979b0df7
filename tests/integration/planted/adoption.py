"""Who uses which feature, comes through its funnel and comes back."""

from __future__ import annotations

from typing import Any

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, in_warehouse, keyed, quarantined

FEATURES = {
    "recs-widget": "recommender",
    "triage-dashboard": "triage",
    "support-copilot": "support-assistant",
    "writer": "writing-assistant",
}


@exact("active users and target users of every feature and day")
def active_users(company: Company) -> tuple[Facts, Facts]:
    """Distinct over one, seven and 28 days."""
    columns = ("active_1d_user_count", "active_7d_user_count", "active_28d_user_count", "target_user_count")
    planted = {
        (feature, day): values
        for feature, truth in company.truth["analytics"]["features"].items()
        for day, *values in zip(truth["dates"], *(truth[column] for column in columns), strict=True)
    }
    found = company.rows(
        "select feature_id, event_date::varchar, active_user_count, active_7d_user_count, active_28d_user_count, "
        "target_user_count from mart_feature_adoption_daily where feature_id <> 'all'"
    )
    return planted, keyed(found, 2)


@exact("the day on which adoption passes 70 % for good")
def passing(company: Company) -> tuple[Facts, Facts]:
    """Of the clinicians."""
    day = company.truth["analytics"]["features"]["triage-dashboard"]["adoption_28d_passed_70_on"]
    ((first, last_below),) = company.rows(
        "select min(event_date) filter (where adoption_28d_rate > 0.7)::varchar, "
        "max(event_date) filter (where adoption_28d_rate <= 0.7)::varchar from mart_feature_adoption_daily "
        "where feature_id = 'triage-dashboard'"
    )
    return {"passed": day, "for good": True}, {"passed": first, "for good": last_below < day}


@exact("adoption funnels")
def funnels(company: Company) -> tuple[Facts, Facts]:
    """Users of every feature and stage."""
    planted = {
        (feature, stage): (truth["funnel"][stage],)
        for feature, truth in company.truth["analytics"]["features"].items()
        for stage in ("eligible", "exposed", "onboarded", "first_use", "retained")
        if truth["funnel"][stage]
    }
    return planted, keyed(company.rows("select feature_id, stage, user_count from mart_adoption_funnel"), 2)


@exact("retention of every feature, cohort and week")
def retention(company: Company) -> tuple[Facts, Facts]:
    """Users active again."""
    planted = {
        (feature, cohort, week): (users,)
        for feature, truth in company.truth["analytics"]["features"].items()
        for cohort, weeks in truth["retention"].items()
        for week, users in weeks.items()
    }
    found = company.rows(
        "select feature_id, cohort_week_date::varchar, week_number::varchar, active_user_count "
        "from mart_retention_weekly where active_user_count > 0"
    )
    return planted, keyed(found, 3)


@exact("analytics events delivered, delivered twice, counted and set aside")
def events(company: Company) -> tuple[Facts, Facts]:
    """By source; and uses by feature."""
    truth = company.truth["analytics"]
    planted: dict[Any, Any] = {}
    found: dict[Any, Any] = {}
    accounted = in_warehouse(
        company,
        "select source, sum(delivered_event_count), sum(duplicate_event_count), sum(duplicate_event_count "
        "+ counted_event_count + other_event_count + excluded_event_count + anonymous_event_count) "
        "from intermediate.int_events__accounted group by source",
    )
    for source, delivered, duplicates, total in accounted:
        known = truth["sources"][source]
        planted[source] = known["rows"], known["duplicates"], known["quarantined"], known["rows"]
        aside = quarantined(company, source).get(source, 0)
        found[source] = delivered, duplicates, aside, total
    for feature, known in truth["features"].items():
        planted[feature] = sum(known["qualifying_event_count"])
    found |= dict(
        in_warehouse(
            company,
            "select feature_id, sum(event_count)::bigint from marts.fct_feature_use_daily "
            "where stage = 'qualifying' group by feature_id",
        )
    )
    return planted, found
