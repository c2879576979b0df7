"""A day without a request in the sample company's marts; what else was planted of serving, test_planted finds."""

from __future__ import annotations

from tests.integration.conftest import Company


def test_a_day_without_a_request_is_zero_and_not_unknown(company: Company) -> None:
    empty_days = company.truth["serving"]["empty_days"]
    assert any(empty_days.values())
    for member, days in empty_days.items():
        for day in days:
            (counts,) = company.rows(
                "select count(*), sum(prediction_count)::int, bool_and(is_covered), count(availability_rate) "
                "from mart_throughput_hourly where model_id = ? and event_date = ?",
                member,
                day,
            )
            assert counts == (24, 0, True, 0)
