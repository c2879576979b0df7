"""What was planted in the sample company beside what its marts hold: tests look at one company, `bench.truth` at many.

Two registers. `EXACT`: the same keyed facts twice, as planted and as found; whatever is arithmetic must be equal.
`ESTIMATES`: planted numbers, each with the 95 % interval that the marts give for it; one in twenty may miss.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np

from tests.integration.conftest import Company

Facts = Mapping[Any, Any]
Exact = Callable[[Company], tuple[Facts, Facts]]


@dataclass(frozen=True)
class Interval:
    """A planted number and the interval found for it."""

    name: str
    planted: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds what was planted."""
        return self.low <= self.planted <= self.high


EXACT: dict[str, Exact] = {}
"""Kind of truth → (what was planted, what was found), keyed alike."""
VERDICTS: set[str] = set()
"""The kinds of truth that a statistical test is asked about: it errs at a set rate, so not every seed is equal."""
ESTIMATES: dict[str, Callable[[Company], Iterator[Interval]]] = {}
"""Kind of estimate → its intervals, independent of each other but where its docstring says otherwise."""

RELATIVE = 1e-9
"""Doubles are the same when they differ by no more: sums are added in another order."""
COSTS = "sum(billed_cost{0}), sum(effective_cost{0}), sum(list_cost{0}), sum(contracted_cost{0})"
BASES = ("billed", "effective", "listed", "contracted")
FEATURES = {
    "recs-widget": "recommender",
    "triage-dashboard": "triage",
    "support-copilot": "support-assistant",
    "writer": "writing-assistant",
}
INCIDENT_FACTS = (
    "model_id", "severity", "started_at", "detected_at", "acknowledged_at", "resolved_at", "detect_seconds",
    "resolve_seconds", "closed_between_seconds", "reopen_count", "is_open", "is_auto_resolved",
)  # fmt: skip
CADENCE = ("deployment_count", "rollback_count", "redeploy_count", "failed_attempt_count")
FAILURE_WINDOW = timedelta(hours=72)
SUMS = {
    "sum_x": "sum_x", "sum_xx": "sum_xx", "sum_d": "sum_d", "sum_dd": "sum_dd", "sum_xd": "sum_xd",
    "sum_pre": "sum_past", "sum_pre_pre": "sum_past_past", "sum_x_pre": "sum_x_past",
}  # fmt: skip
OUTCOMES = {
    "tp": "true_positive_count", "fp": "false_positive_count", "fn": "false_negative_count",
    "tn": "true_negative_count", "correct": "correct_count", "labelled": "labelled_count",
    "absolute_error": "mean_absolute_error * valued_count", "error": "bias * valued_count",
    "hits": "hit_rate * labelled_count",
}  # fmt: skip
RESPONSES = (
    "response_count", "unscored_response_count", "unfinished_response_count", "preview_response_count",
    "spam_response_count", "late_response_count", "duplicate_response_count", "promoter_count", "passive_count",
    "detractor_count",
)  # fmt: skip
NPS = RESPONSES[-3:]
"""Only a Net Promoter question has them."""
STREAMS = {
    "recommender": ("recs-ranking", "revenue-per-user"),
    "fraud-detector": ("fraud-threshold", "false-alarms-per-payment"),
    "writing-assistant": ("writer-hints", "drafts-per-user"),
    "triage": ("triage-waiting", "waiting-minutes"),
    "route-optimiser": ("route-fuel", "fuel-usd"),
}
"""Model → the experiment and metric whose lift its only value stream is paid by."""


def exact(kind: str, is_verdict: bool = False) -> Callable[[Exact], Exact]:
    """Enter a comparison under the kind of truth that it compares."""

    def entered(compare: Exact) -> Exact:
        EXACT[kind] = compare
        if is_verdict:
            VERDICTS.add(kind)
        return compare

    return entered


def estimate(
    kind: str,
) -> Callable[[Callable[[Company], Iterator[Interval]]], Callable[[Company], Iterator[Interval]]]:
    """Enter intervals under the kind of estimate they belong to."""

    def entered(intervals: Callable[[Company], Iterator[Interval]]) -> Callable[[Company], Iterator[Interval]]:
        ESTIMATES[kind] = intervals
        return intervals

    return entered


def differing(planted: Facts, found: Facts) -> list[str]:
    """The keys whose facts are not the same, each with both."""
    nothing = "nothing"
    return [
        f"{key}: planted {planted.get(key, nothing)}, found {found.get(key, nothing)}"
        for key in {**planted, **found}
        if not same(planted.get(key, nothing), found.get(key, nothing))
    ]


def same(one: Any, other: Any) -> bool:
    """Equal; doubles to within `RELATIVE`, what holds several things thing by thing."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=RELATIVE, abs_tol=1e-12)
    return bool(one == other)


def in_warehouse(company: Company, sql: str) -> list[tuple[Any, ...]]:
    """What `sql` gives over the warehouse, for what is not published."""
    with duckdb.connect(str(company.settings.warehouse_file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def keyed(rows: list[tuple[Any, ...]], keys: int) -> Facts:
    """Rows by their first columns, the rest as the fact."""
    return {row[:keys]: row[keys:] for row in rows}


def instant(text: str) -> datetime:
    """A planted instant, as a mart holds it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def start_of(company: Company) -> date:
    """The company's first day."""
    return date.fromisoformat(company.truth["start"])


def quarantined(company: Company, *sources: str) -> Facts:
    """Rows set aside, by source."""
    names = ", ".join(f"'{source}'" for source in sources)
    return dict(
        in_warehouse(company, f"select source, count(*) from raw.quarantine where source in ({names}) group by source")
    )


# Throughput ---------------------------------------------------------------------------------------------------------


def served(company: Company) -> dict[tuple[str, str], dict[str, Any]]:
    """What each member's log of each day holds, by member and day."""
    members = company.truth["serving"]["members"]
    return {(member, day): entry for member, days in members.items() for day, entry in days.items()}


@exact("predictions of every hour")
def hours(company: Company) -> tuple[Facts, Facts]:
    """Each member's 24 counts of each day."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for model, day, count in company.rows(
        "select model_id, event_date::varchar, prediction_count from mart_throughput_hourly "
        "where model_id <> 'unmapped' order by model_id, hour_at"
    ):
        found[model, day].append(count)
    planted = {key: entry["predictions_hourly"] for key, entry in served(company).items()}
    return planted, {key: found[key] for key in planted}


@exact("requests, errors, retries, health checks and tokens of every day")
def requests(company: Company) -> tuple[Facts, Facts]:
    """Also that the classes of errors add up to all of them."""
    found = keyed(
        company.rows(
            "select model_id, event_date::varchar, sum(request_count)::int, sum(failed_request_count)::int, "
            "sum(retry_request_count)::int, sum(health_check_count)::int, sum(input_tokens)::bigint, "
            "sum(client_error_count + rate_limit_error_count + timeout_error_count + server_error_count "
            "+ other_error_count)::int from mart_throughput_hourly group by all"
        ),
        2,
    )
    names = ("requests", "errors", "retries", "health_checks", "input_tokens", "errors")
    planted = {key: tuple(entry[name] for name in names) for key, entry in served(company).items()}
    return planted, {key: found.get(key) for key in planted}


@exact("latency quantiles of every day, to within 1 %")
def latencies(company: Company) -> tuple[Facts, Facts]:
    """A quantile read from the sketch stands for the exact one it lies within 1 % of."""
    columns = [f"{measure}_{name}_ms" for measure in ("latency", "ttft") for name in ("p50", "p95", "p99")]
    found = keyed(
        company.rows(f"select model_id, event_date::varchar, {', '.join(columns)} from mart_latency_daily"), 2
    )
    planted: dict[Any, float] = {}
    read: dict[Any, float] = {}
    for key, entry in served(company).items():
        values = [*(entry["latency_ms"] or {}).values(), *(entry.get("ttft_ms") or {}).values()]
        for column, value, estimate in zip(columns, values, found.get(key, ()), strict=False):
            planted[*key, column] = value
            read[*key, column] = value if abs(estimate / value - 1) <= 0.01 + 1e-9 else estimate
    return planted, read


@exact("busy seconds of every day, to the microsecond")
def busy(company: Company) -> tuple[Facts, Facts]:
    """Where the log tells them."""
    found = keyed(
        company.rows(
            "select model_id, event_date::varchar, round(sum(busy_seconds) * 1e6)::bigint "
            "from mart_throughput_hourly group by all"
        ),
        2,
    )
    planted = {key: (round(entry["busy_ms"] * 1000),) for key, entry in served(company).items() if entry.get("busy_ms")}
    return planted, {key: found.get(key) for key in planted}


@exact("planted spikes")
def spikes(company: Company) -> tuple[Facts, Facts]:
    """The planted hours are marked; what else stands out by chance is not asked for."""
    marked = {
        (model, hour.isoformat() + "+00:00")
        for model, hour in company.rows("select model_id, hour_at from mart_throughput_hourly where is_spike")
    }
    planted = [(member, hour) for member, hours in company.truth["serving"]["spike_hours"].items() for hour in hours]
    return dict.fromkeys(planted, True), {key: key in marked for key in planted}


@exact("predictions nobody is known to serve")
def unmapped(company: Company) -> tuple[Facts, Facts]:
    """By day."""
    found = company.rows(
        "select event_date::varchar, sum(prediction_count)::int from mart_throughput_hourly "
        "where model_id = 'unmapped' group by all"
    )
    return company.truth["serving"]["unmapped_predictions"], dict(found)


@exact("throughput of every month: predictions, hours, quotient")
def throughput(company: Company) -> tuple[Facts, Facts]:
    """As the scorecard shows it."""
    predictions: dict[tuple[str, str], int] = defaultdict(int)
    days: dict[tuple[str, str], int] = defaultdict(int)
    for (member, day), entry in served(company).items():
        predictions[member, day[:7]] += entry["predictions"]
        days[member, day[:7]] += 1
    found = keyed(
        company.rows(
            "select model_id, strftime(period_start_date, '%Y-%m'), numerator, denominator, value from mart_scorecard "
            "where kpi_id = 'throughput' and period = 'month' and value is not null and model_id <> 'unmapped'"
        ),
        2,
    )
    return {key: (n, 24 * days[key], n / (24 * days[key])) for key, n in predictions.items()}, found


# Cost ---------------------------------------------------------------------------------------------------------------


@exact("bills: four cost bases by provider, currency and day")
def bills(company: Company) -> tuple[Facts, Facts]:
    """To the last digit."""
    found = keyed(
        company.rows(
            f"select provider_name, billing_currency, event_date::varchar, {COSTS.format('')} "
            "from mart_cost_allocation_daily group by all"
        ),
        3,
    )
    return {
        (bill["provider"], bill["currency"], bill["day"]): tuple(Decimal(bill[basis]) for basis in BASES)
        for bill in company.truth["billing"]["bills"]
    }, found


@exact("what each owner caused: four cost bases by category and day")
def owners(company: Company) -> tuple[Facts, Facts]:
    """In dollars, to the last digit; the shared cluster as one owner."""
    found = keyed(
        company.rows(
            "select case when pool_id = 'gpu-a' then pool_id else model_id end, category, event_date::varchar, "
            f"{COSTS.format('_usd')} from mart_cost_allocation_daily group by all"
        ),
        3,
    )
    return {
        (cost["owner"], cost["category"], cost["day"]): tuple(Decimal(cost[basis]) for basis in BASES)
        for cost in company.truth["billing"]["allocated"]
    }, found


@exact("compute cost by model and day")
def compute_cost(company: Company) -> tuple[Facts, Facts]:
    """In dollars, to the last digit."""
    found = company.rows(
        "select model_id, event_date::varchar, sum(compute_cost_usd) from mart_cost_per_prediction_daily group by all"
    )
    planted = company.truth["billing"]["compute_usd"]
    return {(row["model"], row["day"]): (Decimal(row["effective"]),) for row in planted}, keyed(found, 2)


@exact("the recommender's cost per prediction, before and after its move to cheaper machines")
def unit_cost(company: Company) -> tuple[Facts, Facts]:
    """By day."""
    truth = company.truth["billing"]["recommender"]
    before, after = (float(truth[f"cost_per_prediction_{name}"]) for name in ("before", "after"))
    moved = date.fromisoformat(truth["instance_change_day"])
    days = [start_of(company) + timedelta(days=age) for age in range(company.truth["days"])]
    found = company.rows(
        "select period_start_date, value from mart_scorecard "
        "where model_id = 'recommender' and kpi_id = 'cost_per_prediction' and period = 'day'"
    )
    return {day: after if day >= moved else before for day in days}, dict(found)


@exact("charges that were superseded or are broken")
def set_aside(company: Company) -> tuple[Facts, Facts]:
    """How many, and what the superseded ones cost."""
    ((rows, cost),) = in_warehouse(
        company,
        "select count(*), sum(effective_cost) from staging.stg_cloud_billing__charges "
        "anti join intermediate.int_charges__current using (content_id, row_number)",
    )
    truth = company.truth["billing"]
    planted = {
        "rows": truth["superseded_rows"],
        "cost": Decimal(truth["superseded_effective_usd"]),
        "quarantined": truth["quarantined_rows"],
    }
    aside = quarantined(company, "cloud_billing").get("cloud_billing", 0)
    return planted, {"rows": rows, "cost": cost, "quarantined": aside}


# Incidents ----------------------------------------------------------------------------------------------------------


def incident_id(incident: dict[str, Any]) -> str:
    """The id under which the marts hold a planted incident."""
    return str(incident["pagerduty_ids"][0] if incident["pagerduty_ids"] else incident["jira_keys"][0])


@exact("incidents: whose, how bad, when they began, were seen, ended and were reopened")
def incidents(company: Company) -> tuple[Facts, Facts]:
    """By incident."""
    instants = {"started_at", "detected_at", "acknowledged_at", "resolved_at"}
    planted = {
        (incident_id(incident),): tuple(
            instant(value) if name in instants and (value := incident[name]) else incident[name]
            for name in INCIDENT_FACTS
        )
        for incident in company.truth["incidents"]["incidents"]
    }
    return planted, keyed(company.rows(f"select incident_id, {', '.join(INCIDENT_FACTS)} from mart_incidents"), 1)


@exact("incidents known to two systems, and which one is trusted")
def linked(company: Company) -> tuple[Facts, Facts]:
    """By incident."""
    planted = {
        (incident_id(i),): (i["jira_keys"][0], "pagerduty+jira", "pagerduty")
        for i in company.truth["incidents"]["incidents"]
        if i["pagerduty_ids"] and i["jira_keys"]
    }
    found = company.rows(
        "select incident_id, jira_issue_key, source, resolution_source from mart_incidents "
        "where pagerduty_incident_id is not null and jira_issue_key is not null"
    )
    return planted, keyed(found, 1)


@exact("merged alerts, which are no incidents")
def merged(company: Company) -> tuple[Facts, Facts]:
    """How many were merged into others, and that none stands alone."""
    ids = company.truth["incidents"]["merged_pagerduty_ids"]
    ((count,),) = company.rows("select sum(merged_record_count) from mart_incidents")
    standing = {row[0] for row in company.rows("select pagerduty_incident_id from mart_incidents")}
    return {"count": len(ids), "alone": set()}, {"count": count, "alone": standing & set(ids)}


@exact("MTTR of every model and month: count, seconds, mean hours")
def mttr(company: Company) -> tuple[Facts, Facts]:
    """Of incidents resolved in the month."""
    planted = {
        (row["model_id"], row["month"]): (row["resolved_count"], row["resolve_seconds"], row["mttr_hours"])
        for row in company.truth["incidents"]["resolved"]
    }
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), resolved_count, resolve_seconds, mean_resolve_hours "
        "from mart_mttr_monthly where severity = 'all' and resolved_count > 0"
    )
    return planted, keyed(found, 2)


@exact("incidents of every model, month and severity")
def severities(company: Company) -> tuple[Facts, Facts]:
    """How many began to be known."""
    planted = {
        (row["model_id"], row["month"], row["severity"]): (row["incident_count"],)
        for row in company.truth["incidents"]["created"]
    }
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), severity, incident_count from mart_mttr_monthly "
        "where incident_count > 0 and severity <> 'all'"
    )
    return planted, keyed(found, 3)


@exact("incident records set aside")
def broken_incidents(company: Company) -> tuple[Facts, Facts]:
    """By source."""
    return company.truth["incidents"]["quarantined"], quarantined(company, "pagerduty", "jira")


# Adoption -----------------------------------------------------------------------------------------------------------


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


# Deployments --------------------------------------------------------------------------------------------------------


@exact("deployments: version, moment, first request, rollback, lead time")
def deployments(company: Company) -> tuple[Facts, Facts]:
    """By model and moment."""
    planted = {
        (d["model_id"], instant(d["deployed_at"])): (
            d["version"], instant(d["first_served_at"]), d["is_rollback"], d["lead_seconds"],
        )
        for d in company.truth["deployments"]["deployments"]
    }  # fmt: skip
    found = company.rows(
        "select model_id, deployed_at, version, first_served_at, is_rollback, lead_seconds from mart_deployments "
        "where model_id <> 'unmapped'"
    )
    return planted, keyed(found, 2)


@exact("deployments, rollbacks, redeploys and failed attempts of every month")
def cadence(company: Company) -> tuple[Facts, Facts]:
    """By model."""
    planted = {
        (row["model_id"], row["month"], row["measure"]): row["count"] for row in company.truth["deployments"]["months"]
    }
    found = {
        (model, month, measure): count
        for model, month, *counts in company.rows(
            f"select model_id, strftime(month_date, '%Y-%m'), {', '.join(CADENCE)} from mart_deployment_cadence_monthly"
        )
        for measure, count in zip(CADENCE, counts, strict=True)
        if count
    }
    return planted, found


@exact("lead times of every month: median and 90th percentile")
def lead_times(company: Company) -> tuple[Facts, Facts]:
    """As numpy gives them."""
    leads: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for d in company.truth["deployments"]["deployments"]:
        if d["lead_seconds"] is not None:
            leads[d["model_id"], d["deployed_at"][:7]].append(d["lead_seconds"] / 3600)
    found = company.rows(
        "select model_id, strftime(month_date, '%Y-%m'), lead_known_count, median_lead_hours, p90_lead_hours "
        "from mart_deployment_cadence_monthly where lead_known_count > 0"
    )
    return {
        key: (len(hours), float(np.median(hours)), float(np.percentile(hours, 90))) for key, hours in leads.items()
    }, keyed(found, 2)


@exact("change failures")
def failures(company: Company) -> tuple[Facts, Facts]:
    """Whether each planted deployment failed, worked out from the planted incidents alone."""
    end = datetime.fromisoformat(company.truth["start"]) + timedelta(days=company.truth["days"])
    begun: defaultdict[str, list[datetime]] = defaultdict(list)
    for incident in company.truth["incidents"]["incidents"]:
        begun[incident["model_id"]].append(instant(incident["started_at"]))
    lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for d in company.truth["deployments"]["deployments"]:
        lines[d["model_id"]].append(d)
    planted: dict[tuple[str, datetime], tuple[bool | None]] = {}
    for model_id, line in lines.items():
        line.sort(key=lambda d: str(d["deployed_at"]))
        for place, d in enumerate(line):
            live = instant(d["deployed_at"])
            after = line[place + 1] if place + 1 < len(line) else None
            until = min(live + FAILURE_WINDOW, instant(after["deployed_at"])) if after else live + FAILURE_WINDOW
            failed = any(live < at <= until for at in begun[model_id]) or bool(after and after["is_rollback"])
            planted[model_id, live] = (True if failed else False if until <= end else None,)
    found = company.rows(
        "select model_id, deployed_at, is_change_failure from mart_deployments where model_id <> 'unmapped'"
    )
    return planted, keyed(found, 2)


@exact("deployment records set aside")
def broken_deployments(company: Company) -> tuple[Facts, Facts]:
    """By source; every file was read."""
    sources = ("github", "mlflow", "sagemaker", "kserve", "change_records")
    names = ", ".join(f"'{source}'" for source in sources)
    unread = in_warehouse(company, f"select path from ledger.files where source in ({names}) and status <> 'loaded'")
    planted = company.truth["deployments"]["quarantined"]
    return planted | {"unread": []}, {**quarantined(company, *sources), "unread": unread}


# Finance ------------------------------------------------------------------------------------------------------------


def money(text: object) -> float | None:
    """A planted amount, which is text so that it is exact."""
    return None if text is None else float(str(text))


@exact("NPV, IRR and both paybacks of every project and month's end")
def project_values(company: Company) -> tuple[Facts, Facts]:
    """Nothing before the project's first month."""
    names = ("npv_usd", "irr", "payback_months", "discounted_payback_months")
    found = keyed(
        company.rows(
            "select project_id, as_of::varchar, npv_usd, irr, payback_months, discounted_payback_months "
            "from mart_project_finance_monthly where npv_usd is not null"
        ),
        2,
    )
    planted = {
        (row["project_id"], row["as_of"]): tuple(money(row[name]) for name in names)
        for row in company.truth["finance"]["values"]
        # Its first month is April: no row ends as early.
        if (row["project_id"], row["as_of"]) in found or row["project_id"] != "shared-feature-store"
    }
    return planted, {key: found.get(key) for key in planted}


@exact("NPV of every model and month on the scorecard")
def npv(company: Company) -> tuple[Facts, Facts]:
    """Each project's by the model's share."""
    planted: dict[tuple[str, str], float] = defaultdict(float)
    for row in company.truth["finance"]["values"]:
        for model, share in row["shares"].items():
            planted[model, row["as_of"]] += float(share) * float(row["npv_usd"])
    found = company.rows(
        "select model_id, as_of::varchar, value from mart_scorecard where kpi_id = 'npv' and period = 'month'"
    )
    return planted, {row[:2]: row[2] for row in found}


@exact("what was booked by project, month and category")
def booked(company: Company) -> tuple[Facts, Facts]:
    """To the cent."""
    rows = in_warehouse(
        company,
        "select project_id, strftime(month_date, '%Y-%m'), category, amount_usd::double "
        "from marts.fct_project_cash_flows where basis = 'actual'",
    )
    planted = {
        (row["project_id"], row["month"], row["category"]): (money(row["amount_usd"]),)
        for row in company.truth["finance"]["booked"]
    }
    return planted, keyed(rows, 3)


# Experiments and value ----------------------------------------------------------------------------------------------


@exact("units and sums of every experiment, arm and metric")
def experiment_sums(company: Company) -> tuple[Facts, Facts]:
    """Decimals to the last digit, over late files, duplicates, users of both arms and events outside the window."""
    found = {
        (experiment, metric, arm): (units, dict(zip(SUMS, sums, strict=True)))
        for experiment, metric, arm, units, *sums in in_warehouse(
            company,
            "select experiment_id, metric_id, variation_id, sum(unit_count), "
            + ", ".join(f"sum({column})" for column in SUMS.values())
            + " from intermediate.int_experiments__reduced group by all",
        )
    }
    planted: dict[Any, Any] = {}
    read: dict[Any, Any] = {}
    for experiment, truth in company.truth["experiments"]["experiments"].items():
        for arm, metrics in truth["arms"].items():
            for metric, sums in metrics.items():
                if metric == "units":
                    continue
                units, got = found.get((experiment, metric, arm), (None, {}))
                planted[experiment, metric, arm, "units"], read[experiment, metric, arm, "units"] = sums, units
                planted[experiment, metric, arm, "units"] = metrics["units"]
                for name, value in sums.items():
                    planted[experiment, metric, arm, name] = Decimal(value)
                    read[experiment, metric, arm, name] = got.get(name)
    return planted, read


@exact("users exposed, in both arms, and left out")
def exposed(company: Company) -> tuple[Facts, Facts]:
    """By experiment."""
    planted = {
        (name,): (truth["exposed_users"], truth["users_in_both_arms"], truth["test_users"], 0)
        for name, truth in company.truth["experiments"]["experiments"].items()
    }
    found = company.rows(
        "select experiment_id, exposed_user_count, several_arms_user_count, excluded_user_count, "
        "undeclared_arm_user_count from mart_experiments "
        "where is_primary and not is_control and design in ('randomised', 'holdout')"
    )
    return planted, keyed(found, 1)


@exact("the broken split, the leaking one, the underpowered and the running experiment", is_verdict=True)
def verdicts(company: Company) -> tuple[Facts, Facts]:
    """Each experiment is what it was planted to be; what it found is among the estimates."""
    planted = {
        ("recs-ranking",): ("finished", False, False),
        ("fraud-threshold",): ("finished", False, False),
        ("recs-basket",): ("void", False, True),
        ("assistant-tone",): ("underpowered", False, False),
        ("writer-hints",): ("finished", False, False),
        ("support-deflect",): ("running", True, False),
    }
    found = company.rows(
        "select experiment_id, status, is_sequential, is_split_leaking from mart_experiments "
        "where is_primary and not is_control and design = 'randomised'"
    )
    return planted, keyed(found, 1)


def lifts(company: Company, *experiments: str) -> Iterator[Interval]:
    """Absolute and relative lift of every metric of the experiments."""
    names = ", ".join(f"'{name}'" for name in experiments)
    for experiment, metric, *found in company.rows(
        "select experiment_id, metric_id, lift_absolute_ci_low, lift_absolute_ci_high, lift_relative_ci_low, "
        f"lift_relative_ci_high from mart_experiments where experiment_id in ({names}) and not is_control"
    ):
        law = company.truth["experiments"]["experiments"][experiment]["planted"][metric]
        yield Interval(f"{experiment}/{metric}, relative", law["lift"], found[2], found[3])
        if found[0] is not None:
            yield Interval(f"{experiment}/{metric}, absolute", law["lift"] * law["control"], found[0], found[1])


@estimate("lifts of experiments that ended")
def fixed_lifts(company: Company) -> Iterator[Interval]:
    """Both forms of a metric's lift err together."""
    yield from lifts(company, "recs-ranking", "fraud-threshold", "assistant-tone", "writer-hints", "writer-holdout")


@estimate("lift of an experiment looked at daily (always valid, so wider)")
def sequential_lifts(company: Company) -> Iterator[Interval]:
    """At the company's last day."""
    yield from lifts(company, "support-deflect")


@estimate("effects on units treated one after another, and on half of them at once")
def panel_effects(company: Company) -> Iterator[Interval]:
    """Both forms of an effect err together."""
    for study, metrics in company.truth["experiments"]["panels"].items():
        for metric, law in metrics.items():
            ((low, high, relative_low, relative_high),) = company.rows(
                "select lift_absolute_ci_low, lift_absolute_ci_high, lift_relative_ci_low, lift_relative_ci_high "
                "from mart_experiments where experiment_id = ? and metric_id = ? and not is_control",
                study,
                metric,
            )
            yield Interval(f"{study}/{metric}, absolute", law["effect"], low, high)
            yield Interval(f"{study}/{metric}, relative", law["relative"], relative_low, relative_high)


@estimate("effects on matched units, and on those that an invitation moved")
def study_effects(company: Company) -> Iterator[Interval]:
    """Where nobody was assigned by chance and comparing the groups misleads."""
    for study, law in company.truth["experiments"]["studies"].items():
        ((low, high),) = company.rows(
            "select lift_absolute_ci_low, lift_absolute_ci_high from mart_experiments "
            "where experiment_id = ? and metric_id = ? and not is_control",
            study,
            law["metric"],
        )
        yield Interval(study, law["effect"], low, high)


@estimate("business value of the last whole month (moves with its experiment's lift)")
def month_values(company: Company) -> Iterator[Interval]:
    """The planted lift, the planted volume and the catalog's price, worked out apart from the pipeline."""
    february = (start_of(company) + timedelta(days=31)).replace(day=1)
    months = {
        row[0]: row[1:]
        for row in company.rows(
            "select model_id, ci_low * denominator, ci_high * denominator from mart_scorecard "
            "where kpi_id = 'business_value' and period = 'month' and period_start_date = ? and value is not null",
            february,
        )
    }
    days = [february + timedelta(days=age) for age in range(28)]

    def served_in(model: str, share: Callable[[date], float]) -> float:
        entries = company.truth["serving"]["members"][model]
        return math.fsum(entries[str(day)]["predictions"] * share(day) for day in days)

    truth = company.truth["experiments"]
    ended = date(2026, 2, 12)
    volumes = {
        # A shopper is 60 predictions, worth $0.32 of each dollar more, fading by half in 180 days.
        "recommender": 0.32
        / 60
        * served_in(
            "recommender",
            lambda day: (0.5 if day < ended else 1.0) * 0.5 ** (max(0, (day - ended).days) / 180),
        ),
        "fraud-detector": -14 * served_in("fraud-detector", lambda day: 0.5 if day < date(2026, 2, 8) else 1.0),
        "triage": -0.90
        * served_in("triage", lambda d: 0.25 if d < date(2026, 2, 5) else 0.5 if d < date(2026, 2, 12) else 0.75),
        "route-optimiser": -20.0 * sum(day >= start_of(company) + timedelta(days=28) for day in days),
    }
    for model, volume in volumes.items():
        if model not in months:  # a sound split is void one time in a thousand, and its value is not told then
            continue
        experiment, metric = STREAMS[model]
        if metric in truth["panels"].get(experiment, {}):
            effect = truth["panels"][experiment][metric]["effect"]
        else:
            law = truth["experiments"][experiment]["planted"][metric]
            effect = law["lift"] * law["control"]
        yield Interval(model, effect * volume, *months[model])


# Accuracy -----------------------------------------------------------------------------------------------------------


@exact("outcomes of every model, label source and version")
def outcomes(company: Company) -> tuple[Facts, Facts]:
    """Each label counted once, the latest of those within the window."""
    sums = ", ".join(f"sum({column})" for column in OUTCOMES.values())
    found = {
        (model, version): dict(zip(OUTCOMES, values, strict=True))
        for model, version, *values in company.rows(
            f"select model_id, label_source || '/' || model_version, {sums} from mart_accuracy_daily "
            "where cohort_attribute = 'all' and labelled_count > 0 group by all"
        )
    }
    planted = {
        (model, version, name): float(count)
        for model, truth in company.truth["predictions"]["members"].items()
        for version, counts in truth["outcomes"].items()
        for name, count in counts.items()
        if name != "actual"
    }
    return planted, {key: float(found.get(key[:2], {}).get(key[2]) or 0) for key in planted}


@exact("predictions of every model and day")
def predictions(company: Company) -> tuple[Facts, Facts]:
    """In production, each once."""
    found = company.rows(
        "select model_id, event_date::varchar, sum(prediction_count)::bigint from mart_accuracy_daily "
        "where cohort_attribute = 'all' and label_source <> 'holdout' and model_id <> 'unmapped' group by all"
    )
    planted = {
        (model, day): (count,)
        for model, truth in company.truth["predictions"]["members"].items()
        for day, count in truth["predictions"].items()
    }
    return planted, {key: value for key, value in keyed(found, 2).items() if key[0] != "writing-assistant"}


@exact("predictions set aside, or of nobody known")
def broken_predictions(company: Company) -> tuple[Facts, Facts]:
    """How many."""
    truth = company.truth["predictions"]
    ((count,),) = in_warehouse(
        company,
        "select sum(prediction_count)::bigint from marts.fct_predictions_daily where model_id = 'unmapped'",
    )
    aside = quarantined(company, "predictions").get("predictions", 0)
    return {"quarantined": truth["quarantined"], "unmapped": truth["unmapped"]}, {
        "quarantined": aside,
        "unmapped": count,
    }


def whole_weeks(company: Company) -> Iterator[tuple[int, date]]:
    """Age and first day of each week that lies within the company's days, the last day apart: its labels come later."""
    start, days = start_of(company), company.truth["days"]
    for age in range(days - 7):
        if (start + timedelta(days=age)).weekday() == 0:
            yield age, start + timedelta(days=age)


def scorecard_weeks(company: Company, kpi: str) -> dict[tuple[str, date], tuple[float, float]]:
    """The interval of each model and week on the scorecard."""
    return {
        (model, week): (low, high)
        for model, week, low, high in company.rows(
            "select model_id, period_start_date, ci_low, ci_high from mart_scorecard "
            "where kpi_id = ? and period = 'week' and value is not null and ci_low is not null",
            kpi,
        )
    }


@estimate("accuracy of every model and week, on the scorecard")
def weekly_accuracy(company: Company) -> Iterator[Interval]:
    """Each model's declared measure against its law; weeks in which the law changes are left out."""
    laws = company.truth["predictions"]["laws"]
    plain = {
        model: laws[model][measure]
        for model, measure in (
            ("triage", "accuracy"), ("support-assistant", "accuracy"), ("recommender", "ndcg"),
            ("route-optimiser", "forecast_accuracy"),
        )
    }  # fmt: skip
    found = scorecard_weeks(company, "accuracy")
    for age, week in whole_weeks(company):
        fraud = laws["fraud-detector"]
        # v3, which serves from the 39th to the 44th day, is worse; from the 45th on, what is fraud has changed.
        of_fraud = fraud["recall"] if age + 7 <= 39 else fraud["recall_after_concept_drift"] if age >= 45 else None
        for model, law in {**plain, "fraud-detector": of_fraud}.items():
            if law is not None and (model, week) in found:
                yield Interval(f"{model}, {week}", law, *found[model, week])


@estimate("recall and selection of every age band in the first month")
def fairness(company: Company) -> Iterator[Interval]:
    """Before the worse version and the concept drift."""
    law = company.truth["predictions"]["laws"]["fraud-detector"]
    for band, recall_low, recall_high, low, high in company.rows(
        "select cohort_value, recall_low, recall_high, selection_low, selection_high from mart_fairness_monthly "
        "where model_id = 'fraud-detector' and cohort_attribute = 'age_band' and month_date = ?",
        start_of(company),
    ):
        which = "worse_band" if band == "over_65" else "usual_band"
        yield Interval(f"selection, {band}", law[f"selection_{which}"], low, high)
        if recall_low is not None:
            yield Interval(f"recall, {band}", law[f"recall_{which}"], recall_low, recall_high)


# Drift --------------------------------------------------------------------------------------------------------------


@exact("windows that drifted, and those that did not", is_verdict=True)
def drifted(company: Company) -> tuple[Facts, Facts]:
    """By model, feature and day."""
    planted = {(row["model_id"], row["feature"], row["day"]) for row in company.truth["features"]["drifted"]}
    found = company.rows(
        "select model_id, feature, strftime(window_start_at, '%Y-%m-%d'), is_drifted from mart_drift_windows "
        "where is_drifted is not null"
    )
    keys = planted | {row[:3] for row in found}
    return {key: key in planted for key in keys}, {row[:3]: row[3] for row in found}


@exact("feature values logged, unmapped and set aside")
def feature_values(company: Company) -> tuple[Facts, Facts]:
    """How many."""
    truth = company.truth["features"]
    ((raw,),) = in_warehouse(company, "select sum(value_count)::bigint from staging.stg_features__bins_hourly")
    counted = dict(
        in_warehouse(
            company,
            "select model_id = 'unmapped', sum(value_count)::bigint from intermediate.int_feature_values__counted "
            "group by 1",
        )
    )
    ((aside,),) = in_warehouse(
        company, "select count(distinct row_number) from raw.quarantine where source = 'features'"
    )
    five = 5  # features a row
    return {"all": raw, "unmapped": truth["unmapped_rows"] * five, "quarantined": truth["quarantined_rows"]}, {
        "all": sum(counted.values()),
        "unmapped": counted[True],
        "quarantined": aside,
    }


# Satisfaction and trust ---------------------------------------------------------------------------------------------


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
    """Of one that nobody minds, one that hurts and one that mends."""
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
