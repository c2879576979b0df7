"""However predictions and labels come in, late, corrected or restated, accuracy is as if all had been there."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import SAMPLE_CATALOG, Settings
from tests.integration.quality import Row, land_labels, land_predictions, rows, run

TABLES = (
    "intermediate.int_predictions__repeated",
    "intermediate.int_labels__superseded",
    "intermediate.int_scores__estimated",
    "intermediate.int_accuracy__summed",
    "marts.fct_predictions_daily",
    "marts.fct_outcomes_daily",
    "marts.fct_class_scores_daily",
    "marts.mart_accuracy_daily",
    "marts.mart_fairness_monthly",
)


def predicted(number: int, day: str, score: float) -> Row:
    return {
        "prediction_id": f"p{number}",
        "timestamp": f"{day}T10:00:00Z",
        "model_name": "fraud-score",
        "score": score,
        "cohorts": '{"channel": "card", "age_band": "adult"}',
    }


def triaged(number: int, day: str) -> Row:
    return {
        "prediction_id": f"t{number}",
        "timestamp": f"{day}T10:00:00Z",
        "model_name": "triage-priority",
        "prediction": "soon",
        "scores": '{"routine": 0.2, "soon": 0.5, "urgent": 0.3}',
        "cohorts": '{"site": "north"}',
    }


def labelled(number: int, at: str, label: str, source: str = "production") -> Row:
    return {"prediction_id": f"p{number}", "labelled_at": f"{at}T12:00:00Z", "label": label, "label_source": source}


def first(settings: Settings) -> None:
    """Four predictions, one of them delivered twice; p1 and p2 labelled, and p9, which nobody has predicted yet."""
    day = "2026-01-01"
    rows = [predicted(1, day, 0.9), predicted(2, day, 0.2), predicted(3, day, 0.8), predicted(4, day, 0.1)]
    land_predictions(settings, day, [*rows, predicted(1, day, 0.9), triaged(1, day)])
    land_labels(
        settings, f"labels-{day}", [labelled(1, day, "fraud"), labelled(2, day, "genuine"), labelled(9, day, "fraud")]
    )
    land_labels(settings, f"triage-{day}", [{**labelled(1, day, "urgent"), "prediction_id": "t1"}])


def second(settings: Settings) -> None:
    """p1 was no fraud after all, a reviewer says it was; p3 is."""
    day = "2026-01-02"
    land_predictions(settings, day, [predicted(5, day, 0.7), predicted(6, day, 0.3)])
    reviewed = labelled(1, day, "fraud", "human_review")
    land_labels(settings, f"labels-{day}", [labelled(1, day, "genuine"), labelled(3, day, "fraud"), reviewed])
    land_labels(settings, f"triage-{day}", [{**labelled(1, day, "soon"), "prediction_id": "t1"}])


def late(settings: Settings) -> None:
    """The log's missing part, with p9; labels that come within the window and after it."""
    land_predictions(settings, "2026-01-01-late", [predicted(9, "2026-01-01", 0.4)])
    land_labels(settings, "labels-2026-03-02", [labelled(4, "2026-03-02", "fraud"), labelled(5, "2026-03-02", "fraud")])
    # The sixty-first day after the prediction: nothing it says of p2 and p4 counts.
    land_labels(
        settings, "labels-2026-03-03", [labelled(2, "2026-03-03", "fraud"), labelled(4, "2026-03-03", "genuine")]
    )


def restated(settings: Settings) -> None:
    """The first day's log again, another score for p2 and no p3; p3's label goes too, p1's stays corrected."""
    day = "2026-01-01"
    land_predictions(
        settings, day, [predicted(1, day, 0.9), predicted(2, day, 0.6), predicted(4, day, 0.1), triaged(1, day)]
    )
    reviewed = labelled(1, "2026-01-02", "fraud", "human_review")
    land_labels(settings, "labels-2026-01-02", [labelled(1, "2026-01-02", "genuine"), reviewed])


def confusion(settings: Settings) -> list[tuple[object, ...]]:
    return rows(
        settings,
        "select event_date::varchar, label_source, prediction_count, labelled_count, true_positive_count, "
        "false_positive_count, false_negative_count, true_negative_count from marts.mart_accuracy_daily "
        "where model_id = 'fraud-detector' and cohort_attribute = 'all' and labelled_count > 0",
    )


def test_labels_count_late_corrected_and_restated_and_daily_runs_equal_one(tmp_path: Path) -> None:
    daily = Settings(home=tmp_path / "daily", catalog=SAMPLE_CATALOG)
    first(daily)
    run(daily)
    assert confusion(daily) == [("2026-01-01", "production", 4, 2, 1, 0, 0, 1)]

    second(daily)
    run(daily)
    assert confusion(daily) == [
        ("2026-01-01", "human_review", 4, 1, 1, 0, 0, 0),
        ("2026-01-01", "production", 4, 3, 1, 1, 0, 1),
    ]

    late(daily)
    run(daily)
    assert confusion(daily) == [
        ("2026-01-01", "human_review", 5, 1, 1, 0, 0, 0),
        ("2026-01-01", "production", 5, 5, 1, 1, 2, 1),
        ("2026-01-02", "production", 2, 1, 1, 0, 0, 0),
    ]

    restated(daily)
    run(daily, tests=True)
    after = [
        ("2026-01-01", "human_review", 4, 1, 1, 0, 0, 0),
        ("2026-01-01", "production", 4, 4, 0, 2, 2, 0),
        ("2026-01-02", "production", 2, 1, 1, 0, 0, 0),
    ]
    assert confusion(daily) == after

    once = Settings(home=tmp_path / "once", catalog=SAMPLE_CATALOG)
    for arrive in (first, second, late, restated):
        arrive(once)
    run(once, full_refresh=True)
    assert confusion(once) == after
    for table in TABLES:
        # The content of a row is a name for where it came from, the same in both homes.
        assert rows(daily, f"from {table}") == rows(once, f"from {table}"), table
    assert rows(once, "from intermediate.int_labels__superseded")

    # An urgent case that was not: the urgent one's scores are taken back, class by class.
    assert rows(
        once,
        "select class_label, sum(label_count)::bigint, sum(happened_count)::bigint "
        "from marts.fct_class_scores_daily group by all",
    ) == [("routine", 1, 0), ("soon", 1, 1), ("urgent", 1, 0)]

    # A label that nothing was predicted for is counted as such and not forgotten.
    assert rows(
        once,
        "select labelled_date::varchar, received_label_count from marts.fct_outcomes_daily "
        "where model_id = 'unmatched'",
    ) == [("2026-03-03", 2)]
