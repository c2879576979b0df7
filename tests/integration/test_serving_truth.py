"""What was planted in the sample company's serving logs, found again in the marts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.integration.conftest import Company


def planted(company: Company) -> dict[tuple[str, str], dict[str, Any]]:
    """What each member's log of each day holds, by member and day."""
    members = company.truth["serving"]["members"]
    return {(member, day): entry for member, days in members.items() for day, entry in days.items()}


def test_every_hours_predictions_are_the_planted_ones(company: Company) -> None:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for model, day, count in company.rows(
        "select model_id, event_date::varchar, prediction_count from mart_throughput_hourly "
        "where model_id <> 'unmapped' order by model_id, hour_at"
    ):
        found[model, day].append(count)
    assert {key: entry["predictions_hourly"] for key, entry in planted(company).items()} == {
        key: found[key] for key in planted(company)
    }


def test_what_does_not_count_is_counted_apart(company: Company) -> None:
    found = {
        (model, day): counts
        for model, day, *counts in company.rows(
            "select model_id, event_date::varchar, sum(request_count)::int, sum(failed_request_count)::int, "
            "sum(retry_request_count)::int, sum(health_check_count)::int, sum(input_tokens)::bigint, "
            "sum(client_error_count + rate_limit_error_count + timeout_error_count + server_error_count "
            "+ other_error_count)::int from mart_throughput_hourly group by all"
        )
    }
    for key, entry in planted(company).items():
        counts = [entry[name] for name in ("requests", "errors", "retries", "health_checks", "input_tokens", "errors")]
        assert found[key] == counts, key


def test_latency_quantiles_are_at_most_one_percent_off_the_exact_ones(company: Company) -> None:
    columns = [f"{measure}_{name}_ms" for measure in ("latency", "ttft") for name in ("p50", "p95", "p99")]
    found = {
        (model, day): values
        for model, day, *values in company.rows(
            f"select model_id, event_date::varchar, {', '.join(columns)} from mart_latency_daily"
        )
    }
    compared = 0
    for key, entry in planted(company).items():
        exact = [*(entry["latency_ms"] or {}).values(), *(entry.get("ttft_ms") or {}).values()]
        for estimate, value in zip(found.get(key, []), exact, strict=False):
            assert abs(estimate / value - 1) <= 0.01 + 1e-9, (key, estimate, value)
            compared += 1
    assert compared > 20 * company.truth["days"]


def test_busy_time_is_exact_to_the_microsecond(company: Company) -> None:
    found = {
        (model, day): busy
        for model, day, busy in company.rows(
            "select model_id, event_date::varchar, sum(busy_seconds) from mart_throughput_hourly group by all"
        )
    }
    for key, entry in planted(company).items():
        if entry.get("busy_ms"):
            assert abs(found[key] - entry["busy_ms"] / 1000) < 1e-6, key


def test_planted_spikes_are_marked(company: Company) -> None:
    marked = {
        (model, hour.isoformat() + "+00:00")
        for model, hour in company.rows("select model_id, hour_at from mart_throughput_hourly where is_spike")
    }
    for member, hours in company.truth["serving"]["spike_hours"].items():
        assert {(member, hour) for hour in hours} <= marked


def test_an_unknown_name_is_counted_as_unmapped(company: Company) -> None:
    found = company.rows(
        "select event_date::varchar, sum(prediction_count)::int from mart_throughput_hourly "
        "where model_id = 'unmapped' group by all"
    )
    assert dict(found) == company.truth["serving"]["unmapped_predictions"]


def test_a_day_without_a_request_is_zero_and_not_unknown(company: Company) -> None:
    for member, days in company.truth["serving"]["empty_days"].items():
        for day in days:
            (counts,) = company.rows(
                "select count(*), sum(prediction_count)::int, bool_and(is_covered), count(availability_rate) "
                "from mart_throughput_hourly where model_id = ? and event_date = ?",
                member,
                day,
            )
            assert counts == (24, 0, True, 0)


def test_a_months_throughput_is_its_predictions_over_its_hours(company: Company) -> None:
    predictions: dict[tuple[str, str], int] = defaultdict(int)
    days: dict[tuple[str, str], int] = defaultdict(int)
    for (member, day), entry in planted(company).items():
        predictions[member, day[:7]] += entry["predictions"]
        days[member, day[:7]] += 1
    found = company.rows(
        "select model_id, strftime(period_start_date, '%Y-%m'), numerator, denominator, value from mart_scorecard "
        "where kpi_id = 'throughput' and period = 'month'"
    )
    seen = {(model, month): (numerator, hours, value) for model, month, numerator, hours, value in found}
    for key, total in predictions.items():
        assert seen[key] == (total, 24 * days[key], total / (24 * days[key]))
