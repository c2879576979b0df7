"""Prediction logs and labels in each format, row by row, and the view of those copied and those left."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.settings import DBT_PROJECT, Settings
from pipelines.sources.predictions import LABEL_SOURCES, SOURCE
from pipelines.warehouse import days, ledger_schema
from pipelines.warehouse.connect import writer
from pipelines.warehouse.days import create_tables, create_views, replace_days
from pipelines.warehouse.intake import take_in

DAY = date(2026, 1, 5)
PREDICTION = {
    "prediction_id": "a", "timestamp": "2026-01-05T10:00:00+02:00", "model_name": "fraud-score",
    "model_version": "v1", "environment": "prod", "score": 0.25, "prediction": None, "cohorts": '{"channel": "card"}',
}  # fmt: skip
READ = ("a", datetime(2026, 1, 5, 8), "fraud-score", "v1", "prod", 0.25, None, {"channel": "card"})  # noqa: DTZ001
LABEL = {"prediction_id": "a", "labelled_at": "2026-01-06 09:00:00", "label": "fraud", "label_source": "human_review"}


def write(settings: Settings, name: str, rows: list[dict[str, Any]]) -> Path:
    path = settings.landing_dir / "predictions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name.endswith(".csv"):
        connection = duckdb.connect()
        connection.register("t", pa.Table.from_pylist(rows))
        connection.execute(f"copy t to '{path}' (header)")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def taken(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    reports = take_in(settings, SOURCE)
    assert all(report.status == "loaded" for report in reports), [report.message for report in reports]
    replace_days(settings, SOURCE)
    return look(settings, query)


def look(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with writer(settings, "a test") as connection:
        return connection.execute(query).fetchall()


PREDICTIONS = (
    "select prediction_id, predicted_at, model_name, model_version, environment, score, prediction, cohorts "
    "from raw.predictions__predictions"
)


@pytest.mark.parametrize("container", ["parquet", "jsonl", "csv"])
def test_a_prediction_reads_the_same_in_every_container(settings: Settings, container: str) -> None:
    write(settings, f"log.{container}", [PREDICTION])
    ((*row, cohorts),) = taken(settings, PREDICTIONS)
    assert (*row, json.loads(cohorts)) == READ


@pytest.mark.parametrize("container", ["parquet", "jsonl", "csv"])
def test_a_label_reads_the_same_in_every_container(settings: Settings, container: str) -> None:
    write(settings, f"labels.{container}", [LABEL])
    found = taken(settings, "select * exclude (_day, _content_id, _row) from raw.predictions__labels")
    assert found == [("a", datetime(2026, 1, 6, 9), "fraud", "human_review", None)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.map_(pa.string(), pa.string()), [("channel", "card")]),
        (pa.struct({"channel": pa.string()}), {"channel": "card"}),
    ],
    ids=["map", "struct"],
)
def test_cohorts_may_be_a_map_or_a_struct_and_ranked_items_a_list(
    settings: Settings, kind: pa.DataType, value: object
) -> None:
    path = settings.landing_dir / "predictions" / "log.parquet"
    path.parent.mkdir()
    table = pa.table(
        {
            "prediction_id": ["a"],
            "timestamp": pa.array([datetime(2026, 1, 5, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "model_name": ["ranker"],
            "prediction": pa.array([["p1", "p2"]]),
            "cohorts": pa.array([value], kind),
        }
    )
    pq.write_table(table, path)
    ((prediction, cohorts),) = taken(settings, "select prediction, cohorts from raw.predictions__predictions")
    assert json.loads(prediction) == ["p1", "p2"]
    assert json.loads(cohorts) == {"channel": "card"}


FAULTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "prediction_id is missing": lambda row: row.update(prediction_id=" "),
    "neither score nor prediction is given": lambda row: row.update(score=None),
    "score: inf is not a DOUBLE": lambda row: row.update(score=float("inf")),
    "cohorts is not valid JSON": lambda row: row.update(cohorts="{channel"),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_row_that_cannot_be_right_is_set_aside_with_its_text(settings: Settings, reason: str) -> None:
    bad = dict(PREDICTION, model_version="v7")
    FAULTS[reason](bad)
    write(settings, "log.parquet", [PREDICTION, bad])
    assert len(taken(settings, PREDICTIONS)) == 1
    ((number, said, raw),) = look(settings, "select row_number, reason, raw from raw.quarantine")
    assert number == 2
    assert reason in said
    assert '"model_version":"v7"' in raw


def test_sagemaker_captures_meet_their_ground_truth(settings: Settings) -> None:
    capture = {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2", "encoding": "CSV"},
            "endpointOutput": {"observedContentType": "text/csv", "mode": "OUTPUT", "data": "0.91", "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": "e1", "inferenceTime": "2026-01-05T10:00:00Z"},
        "eventVersion": "0",
    }
    truth = {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "e1"},
        "eventVersion": "0",
    }
    write(settings, "fraud-endpoint/AllTraffic/2026/01/05/10/00-00.jsonl", [capture])
    write(settings, "ground-truth/2026/01/06/07/0000.jsonl", [truth])
    found = taken(settings, "select prediction_id, model_name, model_version, score from raw.predictions__predictions")
    assert found == [("e1", "fraud-endpoint", "AllTraffic", 0.91)]
    assert look(settings, "select prediction_id, labelled_at, label, label_source from raw.predictions__labels") == [
        ("e1", datetime(2026, 1, 6, 7), "1", "ground_truth")  # noqa: DTZ001
    ]


def test_nannymls_predictions_read_the_model_from_the_files_name(settings: Settings) -> None:
    write(settings, "loans.csv", [{"id": 7, "timestamp": "2026-01-05 10:00:00", "y_pred_proba": 0.3, "y_pred": 0}])
    found = taken(settings, "select prediction_id, model_name, score, prediction from raw.predictions__predictions")
    assert found == [("7", "loans", 0.3, "0")]


@pytest.fixture(params=["copied", "left in the intake"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows shown from the warehouse and rows shown from the intake."""
    if request.param == "left in the intake":
        monkeypatch.setattr(days, "BULK_ROWS", 1)


@pytest.mark.usefixtures("_either_way")
def test_a_restated_file_takes_the_place_of_the_old_one(settings: Settings) -> None:
    write(settings, "log.parquet", [PREDICTION])
    taken(settings, PREDICTIONS)
    write(settings, "log.parquet", [PREDICTION, dict(PREDICTION, prediction_id="b", score=0.5)])
    assert sorted(row[0] for row in taken(settings, PREDICTIONS)) == ["a", "b"]


def test_a_small_file_is_copied_and_a_large_one_is_not(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def ids(table: str) -> list[str]:
        return [row[0] for row in look(settings, f"select prediction_id from raw.{table} order by all")]

    monkeypatch.setattr(days, "BULK_ROWS", 2)
    write(settings, "small.parquet", [PREDICTION])
    write(settings, "large.parquet", [dict(PREDICTION, prediction_id=name) for name in ("b", "c")])
    taken(settings, PREDICTIONS)
    assert ids("predictions__predictions") == ["a", "b", "c"]
    assert ids("predictions__predictions__copied") == ["a"]

    write(settings, "small.parquet", [dict(PREDICTION, prediction_id=name) for name in ("a", "d")])
    write(settings, "large.parquet", [dict(PREDICTION, prediction_id="b")])
    taken(settings, PREDICTIONS)
    assert ids("predictions__predictions") == ["a", "b", "d"]
    assert ids("predictions__predictions__copied") == ["b"]


@pytest.mark.usefixtures("_either_way")
def test_a_rejected_day_shows_nothing(settings: Settings) -> None:
    write(settings, "log.parquet", [PREDICTION, dict(PREDICTION, prediction_id="n", timestamp="2026-01-06T10:00:00Z")])
    taken(settings, PREDICTIONS)
    broken = [dict(PREDICTION, prediction_id=f"x{i}", score=None) for i in range(300)]
    after = dict(PREDICTION, prediction_id="m", timestamp="2026-01-06T10:00:00Z")
    write(settings, "log.parquet", [PREDICTION, *broken, after])
    take_in(settings, SOURCE)
    assert list(replace_days(settings, SOURCE).rejected) == [DAY]
    assert [row[0] for row in look(settings, PREDICTIONS)] == ["m"]


@pytest.mark.usefixtures("_either_way")
def test_a_home_that_moved_finds_its_files_again(
    settings: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write(settings, "log.parquet", [PREDICTION])
    taken(settings, PREDICTIONS)
    moved = Settings(home=tmp_path.rename(tmp_path_factory.mktemp("elsewhere") / "home"))
    with writer(moved, "a test") as connection:
        ledger_schema.create(connection)
        create_tables(connection, SOURCE)
        create_views(connection, moved, SOURCE)
        assert len(connection.execute(PREDICTIONS).fetchall()) == 1


NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001
PLAIN = {"prediction_id": "a", "timestamp": NOON, "model_name": "fraud-score", "score": 0.25, "floor": 3}
"""A row with columns of the table's types, some of them and one of its own."""


def kept(settings: Settings) -> list[bytes]:
    """What the intake keeps byte for byte."""
    return sorted(
        path.read_bytes() for path in settings.warehouse_dir.glob("intake/predictions/*/*/*.delivered.parquet")
    )


def test_a_log_that_needs_nothing_done_is_kept_byte_for_byte_and_outlives_its_file(settings: Settings) -> None:
    path = write(settings, "log.parquet", [PLAIN, dict(PLAIN, prediction_id="b")])
    delivered = path.read_bytes()
    found = taken(settings, f"{PREDICTIONS} order by _row")
    assert found == [(id_of, NOON, "fraud-score", None, None, 0.25, None, None) for id_of in "ab"]
    assert kept(settings) == [delivered]
    path.unlink()
    assert len(taken(settings, PREDICTIONS)) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"prediction_id": ""}, {"prediction_id": None}, {"score": float("nan")}, {"timestamp": NOON.replace(year=1970)}],
    ids=str,
)
def test_one_bad_row_sets_itself_aside_and_the_log_is_written_anew(settings: Settings, wrong: dict[str, Any]) -> None:
    write(settings, "log.parquet", [PLAIN, PLAIN | wrong, dict(PLAIN, prediction_id="c")])
    found = taken(settings, "select prediction_id, _row from raw.predictions__predictions order by _row")
    assert (found, kept(settings)) == ([("a", 1), ("c", 3)], [])
    assert look(settings, "select row_number from raw.quarantine") == [(2,)]


@pytest.mark.parametrize("column", ["_file", "_FILE", "_row", "_day", "_content_id"])
def test_a_log_with_a_column_that_is_named_as_one_of_ours_loads_beside_others(settings: Settings, column: str) -> None:
    write(settings, "log.parquet", [PLAIN])
    write(settings, "named.parquet", [{**PLAIN, "prediction_id": "b", column: "x"}])
    assert taken(settings, "select prediction_id from raw.predictions__predictions order by 1") == [("a",), ("b",)]


def test_rows_are_the_same_however_their_files_are_kept(settings: Settings) -> None:
    rows = [dict(PLAIN, prediction_id=f"p{i}", score=i / 10, model_version=f"v{i % 2}") for i in range(10)]
    query = "select * exclude (_content_id) from raw.predictions__predictions order by prediction_id"
    write(settings, "log.parquet", rows)
    as_delivered = taken(settings, query)
    assert len(kept(settings)) == 1
    write(settings, "log.parquet", [dict(row, timestamp=f"{NOON:%Y-%m-%dT%H:%M:%SZ}") for row in rows])
    assert taken(settings, query) == as_delivered


def test_logs_that_lack_different_columns_are_shown_as_one(settings: Settings) -> None:
    write(settings, "one.parquet", [PLAIN])
    write(settings, "other.parquet", [{**PLAIN, "prediction_id": "b", "endpoint": "e", "floor": "third"}])
    text = {**PLAIN, "prediction_id": "c", "timestamp": "2026-01-05T13:00:00Z", "endpoint": "f"}
    write(settings, "text.parquet", [text])
    found = taken(settings, "select prediction_id, endpoint, _day from raw.predictions__predictions order by 1")
    assert found == [("a", None, DAY), ("b", "e", DAY), ("c", "f", DAY)]
    assert len(kept(settings)) == 2


def test_the_models_number_every_source_of_labels() -> None:
    macros = (DBT_PROJECT / "macros" / "outcomes.sql").read_text()
    assert str(list(LABEL_SOURCES)) in macros


def test_a_kept_logs_columns_are_found_in_whatever_case(settings: Settings) -> None:
    write(settings, "log.parquet", [{column.upper(): value for column, value in PLAIN.items()}])
    write(settings, "other.parquet", [dict(PLAIN, prediction_id="b")])
    found = taken(settings, "select prediction_id, predicted_at, score from raw.predictions__predictions order by 1")
    assert found == [("a", NOON, 0.25), ("b", NOON, 0.25)]
    assert len(kept(settings)) == 2


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        ("0.93", [(0.93, None)]),
        ("17.5", [(17.5, "17.5")]),
        ("spam", [(None, "spam")]),
        ('{"predictions": [[0.93], [0.5]]}', [(0.93, None), (0.5, None)]),
        ('[{"label": "A", "score": 0.75}]', [(0.75, "A")]),
        ("A,0.75", [(0.75, "A")]),
        ("0.1,0.2,0.7", []),
        ('{"boxes": [[1, 2]], "masks": 3}', []),
        ("", []),
    ],
)
def test_a_captured_payload_is_read_by_record_and_never_taken_for_a_class(
    settings: Settings, payload: str, read: list[tuple[float | None, str | None]]
) -> None:
    captured = {
        "captureData": {"endpointOutput": {"data": payload, "encoding": "CSV"}},
        "eventMetadata": {"eventId": "e", "inferenceTime": "2026-01-05T10:00:00Z"},
    }
    write(settings, "m/All/2026/01/05/10/a.jsonl", [captured])
    found = taken(settings, "select score, prediction from raw.predictions__predictions order by prediction_id")
    assert found == read
    assert len(look(settings, "from raw.quarantine")) == (not read)


def test_a_file_whose_objects_powershell_cut_off_is_told_so(settings: Settings) -> None:
    capture = {"captureData": "@{endpointInput=; endpointOutput=}", "eventMetadata": {"eventId": "a"}}
    write(settings, "capture.jsonl", [capture])
    (report,) = take_in(settings, SOURCE)
    assert report.status == "rejected"
    assert "Export it with ConvertTo-Json -Depth 100" in str(report.message)
