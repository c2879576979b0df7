"""Accuracy measures against scikit-learn on the same rows, and on a real stream: prices of the electricity market."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from pipelines.settings import Settings
from tests.integration.quality import Row, land_labels, land_predictions, record, rows, run

MEMBER = """\
id: {id}
kind: model
name: {id}
description: For the test.
business_unit: Test
identifiers:
  - {{source: predictions, kind: model_name, value: {id}}}
quality:
  task: {task}
  primary_metric: {metric}
{more}"""
MEMBERS = {
    "yes-no": ("binary", "f1", "  positive_class: \"yes\"\n  error_cost:\n"
               "    - {from: 2026-01-01, false_positive_usd: 2, "
               "false_negative_usd: 7.5}\n  operating_threshold:\n    - {from: 2026-01-01, threshold: 0.3}\n"
               "    - {from: 2026-01-02, threshold: 0.6}\n"),
    "classes": ("multiclass", "accuracy", ""),
    "minutes": ("regression", "forecast_accuracy", ""),
    "ranks": ("ranking", "ndcg", "  ranking_cutoff: 5\n"),
    "elec": ("binary", "accuracy", "  positive_class: \"1\"\n"
             "  operating_threshold:\n    - {from: 2016-01-01, threshold: 0.5}\n"),
}  # fmt: skip
N = 600
DICE = np.random.default_rng(5)
DAY = np.where(np.arange(N) < N // 2, "2026-01-01", "2026-01-02")
SCORES = np.round(DICE.beta(0.4, 1.2, N), 7)
HAPPENED = DICE.random(N) < SCORES**0.8
SAID = np.array(list("abcd"))[DICE.choice(4, N, p=(0.5, 0.3, 0.15, 0.05))]
CLASS = np.where(DICE.random(N) < 0.7, SAID, np.array(list("abce"))[DICE.choice(4, N)])
NAMES = tuple("abcde")
LEANING = 0.7 * DICE.dirichlet(np.ones(5), N) + 0.3 * (np.array(NAMES) == CLASS[:, None])
GIVEN = DICE.multinomial(95, LEANING) / 100 + 0.01
"""Probabilities in whole hundredths, each a bin of its own: areas from histograms are exact."""
PREDICTED = np.round(DICE.gamma(3, 10, N), 3)
ACTUAL = np.where(DICE.random(N) < 0.05, 0.0, np.round(PREDICTED + DICE.normal(1, 6, N), 3))
CLICKED = DICE.random((N, 8)) < 0.2


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("reference"))
    workforce = settings.catalog_dir / "workforce"
    workforce.mkdir(parents=True)
    (settings.catalog_dir / "company.yaml").write_text("name: Reference\n")
    for name, (task, metric, more) in MEMBERS.items():
        (workforce / f"{name}.yaml").write_text(MEMBER.format(id=name, task=task, metric=metric, more=more))
    predictions: list[Row] = []
    labels: list[Row] = []

    def add(model: str, number: int, day: str, label: str, **said: object) -> None:
        key = f"{model}-{number}"
        predictions.append({"prediction_id": key, "timestamp": f"{day}T08:00:00Z", "model_name": model, **said})
        labels.append({"prediction_id": key, "labelled_at": f"{day}T20:00:00Z", "label": label})

    for i in range(N):
        day = str(DAY[i])
        add("yes-no", i, day, "yes" if HAPPENED[i] else "no", score=float(SCORES[i]))
        # On the second day the log holds the score of the predicted class alone.
        given = json.dumps(dict(zip(NAMES, GIVEN[i].tolist(), strict=True))) if day == "2026-01-01" else None
        add("classes", i, day, str(CLASS[i]), prediction=str(SAID[i]), score=float(SCORES[i]), scores=given)
        add("minutes", i, day, str(ACTUAL[i]), prediction=str(PREDICTED[i]))
        items = [f"item-{j}" for j in range(8)]
        relevant = [item for item, clicked in zip(items, CLICKED[i], strict=True) if clicked]
        add("ranks", i, day, json.dumps(relevant), prediction=json.dumps(items))
    land_predictions(settings, "log", predictions)
    land_labels(settings, "labels", labels)
    run(settings, full_refresh=True)
    return settings


def of_day(home: Settings, model: str, day: str) -> Row:
    return record(
        home,
        f"select * from marts.mart_accuracy_daily where model_id = '{model}' and event_date = '{day}' "
        "and cohort_attribute = 'all'",
    )


@pytest.mark.parametrize(("day", "threshold"), [("2026-01-01", 0.3), ("2026-01-02", 0.6)])
def test_yes_and_no_at_the_days_threshold_are_scikit_learns(home: Settings, day: str, threshold: float) -> None:
    ours, chosen = of_day(home, "yes-no", day), day == DAY
    scores, truth = SCORES[chosen], HAPPENED[chosen]
    said = scores >= threshold
    (tn, fp), (fn, tp) = metrics.confusion_matrix(truth, said)
    found = [ours[f"{cell}_count"] for cell in ("true_negative", "false_positive", "false_negative", "true_positive")]
    assert found == [tn, fp, fn, tp]
    assert ours["accuracy_rate"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert ours["precision_rate"] == pytest.approx(metrics.precision_score(truth, said))
    assert ours["recall_rate"] == pytest.approx(metrics.recall_score(truth, said))
    assert ours["f1"] == pytest.approx(metrics.f1_score(truth, said))
    assert ours["log_loss"] == pytest.approx(metrics.log_loss(truth, scores), abs=1e-9)
    assert ours["brier_score"] == pytest.approx(metrics.brier_score_loss(truth, scores), abs=1e-9)
    assert ours["error_cost_usd"] == pytest.approx(2 * fp + 7.5 * fn)
    exact = metrics.roc_auc_score(truth, scores)
    assert abs(ours["auc"] - exact) <= ours["auc_binning_error"] + 1e-12 < 0.01
    assert ours["auc_low"] < exact < ours["auc_high"]
    tenth = np.minimum(np.floor(scores * 10), 9)
    gaps = [abs(scores[tenth == t].sum() - truth[tenth == t].sum()) for t in range(10)]
    assert ours["calibration_error"] == pytest.approx(sum(gaps) / len(scores))


def test_several_classes_are_scikit_learns(home: Settings) -> None:
    ours, chosen = of_day(home, "classes", "2026-01-01"), DAY == "2026-01-01"
    truth, said = CLASS[chosen], SAID[chosen]
    assert ours["accuracy_rate"] == pytest.approx(metrics.accuracy_score(truth, said))
    for average in ("macro", "weighted"):
        wanted = metrics.precision_recall_fscore_support(truth, said, average=average, zero_division=np.nan)
        assert ours[f"{average}_precision"] == pytest.approx(wanted[0])
        assert ours[f"{average}_f1"] == pytest.approx(metrics.f1_score(truth, said, average=average))
    assert ours["macro_recall"] == pytest.approx(
        metrics.recall_score(truth, said, average="macro", zero_division=np.nan)
    )
    given = GIVEN[chosen]
    for average in ("macro", "weighted"):
        wanted = metrics.roc_auc_score(truth, given, multi_class="ovr", average=average, labels=list(NAMES))
        assert ours[f"{average}_auc"] == pytest.approx(wanted, rel=1e-12)
    assert ours["log_loss"] == pytest.approx(metrics.log_loss(truth, given, labels=list(NAMES)))
    assert ours["auc"] is None
    assert ours["recall_rate"] is None
    without = of_day(home, "classes", "2026-01-02")
    assert without["accuracy_rate"] is not None and without["calibration_error"] is not None
    assert [without[measure] for measure in ("macro_auc", "weighted_auc", "log_loss")] == [None] * 3


def test_values_are_scikit_learns_and_nothing_is_divided_by_zero(home: Settings) -> None:
    ours, chosen = of_day(home, "minutes", "2026-01-01"), DAY == "2026-01-01"
    truth, said = ACTUAL[chosen], PREDICTED[chosen]
    assert (truth == 0).any()
    assert ours["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(truth, said))
    assert ours["root_mean_squared_error"] == pytest.approx(metrics.root_mean_squared_error(truth, said))
    assert ours["bias"] == pytest.approx(np.mean(said - truth))
    driven = truth != 0
    wanted = metrics.mean_absolute_percentage_error(truth[driven], said[driven])
    assert ours["mean_absolute_percentage_error"] == pytest.approx(wanted)
    assert ours["forecast_accuracy"] == pytest.approx(1 - np.abs(said - truth).sum() / np.abs(truth).sum())
    for measure in ("mean_absolute_error", "root_mean_squared_error", "bias", "forecast_accuracy"):
        assert ours[f"{measure}_low"] < ours[measure] < ours[f"{measure}_high"]


def test_rankings_are_scikit_learns_over_lists_with_something_to_find(home: Settings) -> None:
    ours, chosen = of_day(home, "ranks", "2026-01-01"), DAY == "2026-01-01"
    clicked = CLICKED[chosen]
    findable = clicked[clicked.any(axis=1)]
    order = np.tile(np.arange(8, 0, -1), (len(findable), 1))
    assert ours["ndcg"] == pytest.approx(metrics.ndcg_score(findable, order, k=5))
    assert ours["hit_rate"] == pytest.approx(clicked[:, :5].any(axis=1).mean())


def test_a_month_is_the_ratio_of_its_days_sums(home: Settings) -> None:
    said = np.where(DAY == "2026-01-01", SCORES >= 0.3, SCORES >= 0.6)
    found = record(
        home,
        "select numerator / denominator as f1, ci_low, ci_high, sample_size from intermediate.int_accuracy__summed "
        "where model_id = 'yes-no' and period = 'month'",
    )
    assert found["f1"] == pytest.approx(metrics.f1_score(HAPPENED, said))
    assert found["ci_low"] < found["f1"] < found["ci_high"]
    assert found["sample_size"] == N


def test_a_real_stream_scored_by_a_model_of_its_first_year(home: Settings, real_data: Path) -> None:
    with (real_data / "electricity" / "elec.csv").open() as source:
        stream = list(csv.reader(source))
    values = np.array([[float(value) for value in row[:-1]] for row in stream[1:]])
    truth = np.array([row[-1] for row in stream[1:]])
    year = 365 * 48
    model = LogisticRegression(max_iter=500).fit(values[:year], truth[:year])
    scores = model.predict_proba(values[year:])[:, list(model.classes_).index("1")]
    up = truth[year:] == "1"
    # The file has no dates, and it is older than what the pipeline takes for plausible.
    begin = datetime(2016, 5, 7)  # noqa: DTZ001 -- written as UTC below
    at = [begin + timedelta(minutes=30 * i) for i in range(len(up))]
    land_predictions(
        home,
        "elec",
        (
            {"prediction_id": f"e{i}", "timestamp": f"{at[i].isoformat()}Z", "model_name": "elec", "score": float(s)}
            for i, s in enumerate(scores)
        ),
    )
    land_labels(
        home,
        "elec-labels",
        (
            {"prediction_id": f"e{i}", "labelled_at": f"{(at[i] + timedelta(days=1)).isoformat()}Z",
             "label": "1" if yes else "0"}
            for i, yes in enumerate(up)
        ),
    )  # fmt: skip
    run(home)
    found = record(
        home,
        "select sum(prediction_count) as predictions, sum(labelled_count) as labelled, sum(correct_count) as correct, "
        "sum(true_positive_count) as hits, sum(false_positive_count) as alarms, avg(mean_label_delay_hours) as delay "
        "from marts.mart_accuracy_daily where model_id = 'elec' and cohort_attribute = 'all'",
    )
    said = scores >= 0.5
    assert (found["predictions"], found["labelled"]) == (len(up), len(up))
    assert found["correct"] / found["labelled"] == metrics.accuracy_score(up, said)
    assert found["hits"] / (found["hits"] + found["alarms"]) == metrics.precision_score(up, said)
    assert found["delay"] == pytest.approx(24)
    quarters = rows(
        home,
        "select period_start_date::varchar, numerator, denominator from intermediate.int_accuracy__summed "
        "where model_id = 'elec' and period = 'quarter' and denominator > 0",
    )
    of = np.array([f"{t.year}-{(t.month - 1) // 3 * 3 + 1:02d}-01" for t in at])
    assert quarters == [
        (name, float((said == up)[of == name].sum()), float((of == name).sum())) for name in sorted(set(of))
    ]
