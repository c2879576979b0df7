"""Requests, latencies, busy time and throughput."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.integration.conftest import Company
from tests.integration.planted.register import Facts, exact, keyed


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
    """A quantile read from the sketch replaces the exact one it lies within 1 % of."""
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
    """Where the log has them."""
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
    """The planted hours are marked; what else is unusual by chance is not asked for."""
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
