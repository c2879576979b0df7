"""What was planted of accuracy's causes shows; its counts and weeks, test_planted finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Company


def planted(company: Company) -> dict[str, Any]:
    found: dict[str, Any] = company.truth["predictions"]
    return found


def test_cohorts_of_an_attribute_add_up_to_all(company: Company) -> None:
    apart = company.rows(
        "with whole as (select * from mart_accuracy_daily where cohort_attribute = 'all'), "
        "parts as (select model_id, event_date, model_version, label_source, cohort_attribute, "
        "sum(prediction_count) as p, sum(labelled_count) as l, sum(correct_count) as c from mart_accuracy_daily "
        "where cohort_attribute <> 'all' group by all) "
        "select count(*), count(*) filter (where (p, l, c) is distinct from "
        "(prediction_count, labelled_count, correct_count)) "
        "from parts join whole using (model_id, event_date, model_version, label_source)"
    )
    assert apart[0][0] > 300
    assert apart[0][1] == 0


def of_fraud(company: Company, where: str) -> tuple[float, float, float]:
    """Recall, what was estimated of it without labels, and how many frauds are known, on mature days."""
    ((hits, misses, estimated),) = company.rows(
        "select sum(true_positive_count), sum(false_negative_count), avg(estimated_recall_rate) "
        "from mart_accuracy_daily where model_id = 'fraud-detector' and label_source = 'production' "
        f"and is_mature and {where}"
    )
    return hits / (hits + misses), estimated, hits + misses


DRIFT = "event_date >= date '2026-01-01' + 45"


@pytest.mark.parametrize(
    ("law", "where"),
    [
        ("recall", f"cohort_attribute = 'all' and model_version <> 'v3' and not {DRIFT}"),
        ("recall_worse_band", f"cohort_value = 'over_65' and model_version <> 'v3' and not {DRIFT}"),
        ("recall_worse_version", "cohort_attribute = 'all' and model_version = 'v3' and cohort_value = 'all'"),
        ("recall_after_concept_drift", f"cohort_attribute = 'all' and {DRIFT}"),
    ],
)
def test_a_planted_cause_shows_within_chance(company: Company, law: str, where: str) -> None:
    recall, _, frauds = of_fraud(company, where)
    expected = planted(company)["laws"]["fraud-detector"][law]
    assert abs(recall - expected) < 4 * (expected * (1 - expected) / frauds) ** 0.5


def test_concept_drift_parts_what_is_found_from_what_scores_promise(company: Company) -> None:
    before, promised_before, _ = of_fraud(
        company, f"cohort_attribute = 'all' and model_version <> 'v3' and not {DRIFT}"
    )
    after, promised_after, _ = of_fraud(company, f"cohort_attribute = 'all' and {DRIFT}")
    assert abs(before - promised_before) < 0.06
    assert abs(promised_after - promised_before) < 0.06
    assert promised_after - after > 0.1


def test_the_worse_group_is_the_one_least_often_found(company: Company) -> None:
    worst = company.rows(
        "select cohort_value, equal_opportunity_difference, recall_high from mart_fairness_monthly "
        "where model_id = 'fraud-detector' and month_date = date '2026-01-01' order by equal_opportunity_difference"
    )
    assert worst[0][0] == "over_65"
    assert worst[0][1] < -0.15
    assert worst[-1][1] == 0
    ((best_low,),) = company.rows(
        "select max(recall_low) from mart_fairness_monthly where month_date = date '2026-01-01'"
    )
    assert worst[0][2] < best_low


def test_the_scorecard_shows_the_declared_measure_of_mature_days(company: Company) -> None:
    months = {
        model: (value, sample, low, high, status)
        for model, value, sample, low, high, status in company.rows(
            "select model_id, value, sample_size, ci_low, ci_high, status from mart_scorecard "
            "where kpi_id = 'accuracy' and period = 'month' and period_start_date = date '2026-01-01'"
        )
    }
    ((recall, labelled),) = company.rows(
        "select sum(true_positive_count) / sum(true_positive_count + false_negative_count), sum(labelled_count) "
        "from mart_accuracy_daily where model_id = 'fraud-detector' and label_source = 'production' and is_mature "
        "and cohort_attribute = 'all' and month(event_date) = 1"
    )
    assert months["fraud-detector"][:2] == (pytest.approx(recall), labelled)
    assert months["writing-assistant"][-1] == "no_data"
    assert {"fraud-detector", "triage", "route-optimiser", "recommender", "support-assistant"} == {
        model for model, (value, _, low, high, _) in months.items() if value is not None and low < value < high
    }


def test_a_log_with_every_classs_score_has_areas_and_log_loss_and_one_without_has_none(company: Company) -> None:
    found = company.rows(
        "select task, count(*), count(macro_auc), count(weighted_auc), count(log_loss) filter (labelled_count > 0), "
        "count(*) filter (labelled_count > 0), min(macro_auc), max(macro_auc) from mart_accuracy_daily "
        "where cohort_attribute = 'all' group by task order by task"
    )
    for task, _, macro, weighted, losses, labelled, low, high in found:
        assert (macro > 0, weighted > 0) == (task == "multiclass",) * 2
        assert losses == (labelled if task in ("binary", "multiclass") else 0), task
        if task == "multiclass":
            assert 0 <= low < high <= 1
    assert {row[0] for row in found} >= {"binary", "multiclass", "regression"}


def test_young_days_are_not_shown_as_a_score(company: Company) -> None:
    ((value, reason),) = company.rows(
        "select value, gap_reason from mart_scorecard where kpi_id = 'accuracy' and model_id = 'fraud-detector' "
        "and period = 'day' and period_start_date = date '2026-03-01'"
    )
    assert value is None
    assert "mature" in reason
