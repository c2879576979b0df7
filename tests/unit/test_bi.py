"""What the guides promise of a published file that others open: with their settings SQL reaches no other file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.settings import PROJECT_ROOT

CONNECTION = PROJECT_ROOT / "docs" / "bi" / "superset" / "databases" / "Scorecard.yaml"
REACHING = [
    "from read_text('{other}')",
    "from read_csv('{other}')",
    "from '{other}'",
    "copy mart_a to '{folder}/copied.csv'",
    "export database '{folder}/exported'",
    "attach '{folder}/attached.duckdb'",
    "install httpfs",
    "load '{folder}/own.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '1TB'",
    "create table mine as select 1",
]
REJECTIONS = r"disabled (by|through) configuration|configuration has been locked|read-only mode|does not exist"


@pytest.fixture
def connection(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A published file, opened as the Superset bundle opens it."""
    file = tmp_path / "marts.duckdb"
    with duckdb.connect(str(file)) as writing:
        writing.execute("create table mart_a as select 1 as kept")
    arguments = yaml.safe_load(CONNECTION.read_text())["extra"]["engine_params"]["connect_args"]
    return duckdb.connect(str(file), **arguments)


@pytest.mark.parametrize("statement", REACHING)
def test_sql_reaches_no_other_file_and_no_setting(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, statement: str
) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    assert connection.execute("from marts.mart_a").fetchall() == [(1,)]
    with pytest.raises(
        duckdb.Error,
        match=r"disabled (by|through) configuration|configuration has been locked|read-only mode|not exist",
    ):
        connection.execute(statement.format(other=tmp_path / "secret.csv", folder=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["marts.duckdb", "secret.csv"]
