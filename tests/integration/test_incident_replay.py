"""What must not move MTTR: notes, labels, the order of the files, and their coming twice.

Only the incident models are built here, on a small company of their own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.scenario.incidents.write import write_incidents
from pipelines.scenario.world import World
from pipelines.settings import SAMPLE_CATALOG, Settings
from pipelines.warehouse.advice import cut_changelogs, left_out
from pipelines.warehouse.connect import writer
from tests.integration import quality

WORLD = World(days=16, seed=12)
LAST_DAY = WORLD.dates[-1]
TABLES = {"mart_incidents": "marts", "mart_mttr_monthly": "marts", "int_mttr__summed": "intermediate"}
Rows = dict[str, list[dict[str, Any]]]


def built(home: Path, arrange: Callable[[Path], None]) -> Rows:
    """What incidents came to, sorted, once `arrange` has laid out the landing folder."""
    settings = Settings(home=home, catalog=SAMPLE_CATALOG)
    settings.landing_dir.mkdir(parents=True)
    arrange(settings.landing_dir)
    quality.run(settings, sources=("pagerduty", "jira"), marts=list(TABLES))
    with writer(settings, "a test") as connection:
        return {table: rows(connection, f"{schema}.{table}") for table, schema in TABLES.items()}


def rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """All rows, but for how fresh they are: a note is news."""
    found = connection.execute(f"select columns(lambda c: c <> 'data_until_at') from {table} order by all")
    columns = [column[0] for column in found.description or []]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivered")
    write_incidents(WORLD, folder)
    return folder


@pytest.fixture(scope="module")
def plain(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    def as_delivered(landing: Path) -> None:
        shutil.copytree(delivered, landing, dirs_exist_ok=True)

    found = built(tmp_path_factory.mktemp("plain"), as_delivered)
    assert found["mart_incidents"]
    return found


def newest(delivered: Path, folder: str, records: str, key: str) -> list[dict[str, Any]]:
    """Each record as in the last file that holds it."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(delivered.glob(f"{folder}/*.json")):
        for record in json.loads(path.read_text())[records]:
            found[record[key]] = record
    return list(found.values())


def test_a_note_or_a_label_added_later_moves_nothing(delivered: Path, plain: Rows, tmp_path: Path) -> None:
    at = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 23, 59)  # noqa: DTZ001  (formatted as UTC below)

    def with_notes(landing: Path) -> None:
        shutil.copytree(delivered, landing, dirs_exist_ok=True)
        incidents = [
            incident | {"updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
            for incident in newest(delivered, "pagerduty/incidents", "incidents", "id")
            if incident["created_at"]
        ]
        notes = [
            {
                "id": f"RNOTE{incident['id']}",
                "type": "annotate_log_entry",
                "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "agent": {"type": "user_reference"},
                "channel": {"type": "note", "summary": "see https://meridian.atlassian.net/browse/MLOPS-1"},
                "incident": {"id": incident["id"]},
            }
            for incident in incidents
        ]
        issues = [issue for issue in newest(delivered, "jira/search", "issues", "key") if "created" in issue["fields"]]
        for issue in issues:
            issue["fields"]["updated"] = f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"
            issue["fields"]["labels"].append("seen-again")
            issue["changelog"]["histories"].append(
                {
                    "id": f"9{issue['id']}",
                    "created": issue["fields"]["updated"],
                    "items": [{"field": "labels", "fieldId": "labels", "fromString": "", "toString": "seen-again"}],
                }
            )
        (landing / "pagerduty" / "notes.json").write_text(json.dumps({"log_entries": notes}))
        (landing / "pagerduty" / "noted.json").write_text(json.dumps({"incidents": incidents}))
        # Exported without the names of the custom fields, as another job of the company might.
        (landing / "jira" / "labelled.json").write_text(json.dumps({"issues": issues, "isLast": True}))
        assert notes
        assert issues

    assert built(tmp_path, with_notes) == plain


def test_the_order_of_the_files_and_their_coming_twice_move_nothing(
    delivered: Path, plain: Rows, tmp_path: Path
) -> None:
    def backwards(landing: Path) -> None:
        files = [path for path in sorted(delivered.rglob("*")) if path.is_file()]
        for place, path in enumerate(reversed(files)):
            source = path.relative_to(delivered).parts[0]
            for folder in (f"{place:05d}", f"again-{place:05d}"):
                target = landing / source / folder / path.name
                target.parent.mkdir(parents=True)
                shutil.copy2(path, target)

    assert built(tmp_path, backwards) == plain


def test_without_log_entries_the_snapshots_tell_what_they_can(delivered: Path, plain: Rows, tmp_path: Path) -> None:
    def without_logs(landing: Path) -> None:
        shutil.copytree(delivered, landing, dirs_exist_ok=True)
        shutil.rmtree(landing / "pagerduty" / "log_entries")

    facts = ("started_at", "resolved_at", "is_open")
    bare = {row["incident_id"]: row for row in built(tmp_path, without_logs)["mart_incidents"]}
    assert any(not row["is_reopened"] for row in plain["mart_incidents"])
    for row in plain["mart_incidents"]:
        if not row["is_reopened"]:
            assert {fact: bare[row["incident_id"]][fact] for fact in facts} == {fact: row[fact] for fact in facts}
            # The analytics export has the acknowledgement too, to the second.
            known, logged = bare[row["incident_id"]]["acknowledge_seconds"], row["acknowledge_seconds"]
            assert known is None or row["resolution_source"] == "jira" or known == pytest.approx(logged, abs=1)


def test_the_doctor_says_that_no_issue_is_an_incident(tmp_path: Path) -> None:
    def tasks(landing: Path) -> None:
        issues = [
            {"id": key, "key": f"T-{key}", "fields": {"issuetype": {"name": kind}, "created": "2026-01-05T10:00:00Z"}}
            for key, kind in (("1", "Task"), ("2", "Outage"))
        ]
        (landing / "jira").mkdir()
        (landing / "jira" / "search.json").write_text(json.dumps({"issues": issues, "isLast": True}))

    built(tmp_path, tasks)
    (line,) = left_out(Settings(home=tmp_path))
    assert "none of 2 issues is an incident, of types Outage, Task." in line


def test_the_doctor_names_an_incident_whose_changelog_is_cut(tmp_path: Path) -> None:
    history = {"id": "9", "created": "2026-01-05T12:00:00.000+0000", "items": [{"field": "status", "toString": "Done"}]}
    fields = {"issuetype": {"name": "Incident"}, "created": "2026-01-05T10:00:00.000+0000", "status": {"name": "Done"}}

    def two_issues(landing: Path) -> None:
        issues = [
            {"id": key, "key": f"M-{key}", "fields": fields, "changelog": {"total": key, "histories": [history]}}
            for key in ("1", "3")
        ]
        (landing / "jira").mkdir()
        (landing / "jira" / "search.json").write_text(json.dumps({"issues": issues, "isLast": True}))

    built(tmp_path, two_issues)
    (line,) = cut_changelogs(Settings(home=tmp_path))
    assert "1 incident has a cut changelog" in line
    assert "of M-3 1 of 3 entries were delivered" in line
