"""What experiments are found to be, and what a day and a month are worth by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Company


def primary(company: Company, experiment: str, *columns: str) -> tuple[Any, ...]:
    (row,) = company.rows(
        f"select {', '.join(columns)} from mart_experiments where experiment_id = ? and is_primary and not is_control",
        experiment,
    )
    return row


def test_a_panel_is_a_quasi_experiment_over_its_treated_and_untreated_units(company: Company) -> None:
    panels = company.truth["experiments"]["panels"]
    assert panels and all(panels.values())
    for study, metrics in panels.items():
        for metric, truth in metrics.items():
            (found,) = company.rows(
                "select evidence_grade, unit_count, experiment_unit_count from mart_experiments "
                "where experiment_id = ? and metric_id = ? and not is_control",
                study,
                metric,
            )
            grade, treated, units = found
            assert (grade, units) == ("quasi_experiment", truth["units"])
            assert 0 < treated < units


def test_comparing_the_groups_of_a_study_would_not_find_what_it_finds(company: Company) -> None:
    assert company.truth["experiments"]["studies"]
    for study, truth in company.truth["experiments"]["studies"].items():
        low, high, grade, units = primary(
            company, study, "lift_absolute_ci_low", "lift_absolute_ci_high", "evidence_grade", "experiment_unit_count"
        )
        assert not low < truth["difference"] < high, f"{study}: the groups differ by more than the effect"
        assert (grade, units) == ("quasi_experiment", truth["units"])


def test_a_study_shows_what_it_rests_on(company: Company) -> None:
    balanced, matched, decision = primary(company, "assistant-cases", "is_balanced", "matched_unit_count", "decision")
    assert balanced and matched > 500 and decision == "Found to be better."
    balance = company.rows("select * exclude (model_id) from mart_experiment_balance order by covariate_id")
    assert [row[:3] for row in balance] == [
        ("assistant-cases", "handling-minutes", covariate) for covariate in ("backlog", "complexity")
    ]
    assert all(abs(after) < 0.1 < before and is_balanced for *_, before, after, is_balanced in balance)
    strength, weak = primary(company, "writer-invitation", "first_stage_f", "is_instrument_weak")
    assert strength > 100 and not weak


def test_a_holdout_is_read_against_its_declared_share(company: Company) -> None:
    assert primary(company, "writer-holdout", "is_invalid", "direction", "evidence_grade") == (
        False, "better", "quasi_experiment",
    )  # fmt: skip


def test_each_experiment_is_what_it_was_planted_to_be(company: Company) -> None:
    found = {
        row[0]: row[1:]
        for row in company.rows(
            "select experiment_id, status, direction, is_fading, is_sequential, is_split_leaking "
            "from mart_experiments where is_primary and not is_control and design = 'randomised'"
        )
    }
    assert found["recs-ranking"] == ("finished", "better", False, False, False)
    assert found["fraud-threshold"] == ("finished", "better", False, False, False)
    assert found["recs-basket"][0] == "invalid"
    assert found["recs-basket"][4], "one user in fifty met both variants"
    assert found["assistant-tone"][:2] == ("underpowered", "no_difference")
    assert found["writer-hints"][2], "the novelty wears off"
    # Looked at every day without an effect: no difference is claimed, since the interval holds at every look.
    assert found["support-deflect"][:2] == ("running", "no_difference")
    assert found["support-deflect"][3]


def test_a_day_is_worth_its_volume_times_the_uplift_times_a_unit(company: Company) -> None:
    lift, low, high = primary(
        company, "fraud-threshold", "lift_absolute", "lift_absolute_ci_low", "lift_absolute_ci_high"
    )
    rows = company.rows(
        "select value_usd, value_ci_low_usd, value_ci_high_usd, exposed_volume, predictions, "
        "event_date >= '2026-02-08' "
        "from mart_business_value_daily as value join (select model_id, cast(hour_at as date) as event_date, "
        "sum(prediction_count) as predictions from mart_throughput_hourly group by all) using (model_id, event_date) "
        "where model_id = 'fraud-detector' and event_date >= '2026-01-11'"
    )
    assert len(rows) == 50
    for value, value_low, value_high, volume, predictions, is_rolled_out in rows:
        assert volume == predictions * (1 if is_rolled_out else 0.5)
        # Fewer false alarms are a saving: the uplift's ends change places.
        assert value == pytest.approx(-lift * 8.5 * volume)
        assert value_low == pytest.approx(-high * 8.5 * volume)
        assert value_high == pytest.approx(-low * 8.5 * volume)


def test_days_add_up_to_the_month_and_their_intervals_do_not_shrink(company: Company) -> None:
    rows = company.rows(
        "select score.numerator, score.denominator, score.ci_low, score.ci_high, daily.* from mart_scorecard as score "
        "join (select model_id, date_trunc('month', event_date) as month, sum(value_usd) as value, "
        "sum(value_ci_low_usd) as low, sum(value_ci_high_usd) as high from mart_business_value_daily "
        "where evidence_grade <> 'declared' group by all) as daily "
        "on score.model_id = daily.model_id and score.period_start_date = daily.month "
        "where kpi_id = 'business_value' and period = 'month' and numerator is not null"
    )
    assert len(rows) >= 10
    for numerator, months, low, high, _, month, value, daily_low, daily_high in rows:
        assert numerator == pytest.approx(value)
        assert (low * months, high * months) == (pytest.approx(daily_low), pytest.approx(daily_high))
        assert months == (1 if month.month < 3 else pytest.approx(1 / 31))


def test_what_is_only_declared_is_shown_as_such_and_scores_nothing(company: Company) -> None:
    graded = company.rows(
        "select distinct evidence_grade, value_usd = declared_value_usd, value_ci_low_usd "
        "from mart_business_value_daily "
        "where model_id = 'support-assistant'"
    )
    assert graded == [("declared", True, None)]
    scored = company.rows(
        "select distinct status, value from mart_scorecard "
        "where kpi_id = 'business_value' and model_id = 'support-assistant'"
    )
    assert scored == [("no_data", None)]


def test_before_a_stream_is_at_work_its_model_has_no_value_and_never_a_zero(company: Company) -> None:
    before = company.rows(
        "select distinct value_usd, evidence_grade, gap_reason from mart_business_value_daily "
        "where model_id = 'recommender' and event_date < '2026-01-15'"
    )
    assert before == [(None, None, "no value stream of the model is active")]
