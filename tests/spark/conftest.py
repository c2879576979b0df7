"""One small Spark in this process, where Java and pyspark are installed; and both engines over the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.spark.dialect import spark_name, translate
from pipelines.spark.session import missing, session

Rows = list[tuple[Any, ...]]
Both = Callable[[str, str], tuple[Rows, Rows]]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    if reason := missing():
        pytest.skip(f"Spark cannot run here: {reason}")
    patch = pytest.MonkeyPatch()
    patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    started = session("local[2]")
    yield started
    started.stop()
    patch.undo()


@pytest.fixture
def both(spark: Any, tmp_path: Path) -> Both:
    """Rows of a SELECT over the table `main.t`, which another SELECT fills: on DuckDB, and translated on Spark."""

    def run(filled_by: str, select: str) -> tuple[Rows, Rows]:
        with duckdb.connect() as connection:
            connection.execute(f"create table t as {filled_by}")
            columns = {name: kind for name, kind, *_ in connection.execute("describe t").fetchall()}
            connection.execute(f"copy t to '{tmp_path / 't.parquet'}' (format parquet)")
            spark.read.parquet(str(tmp_path / "t.parquet")).createOrReplaceTempView(spark_name("main", "t"))
            wanted = connection.execute(select).fetchall()
            translated = translate(select, {("main", "t"): columns})
            # As a model's result goes: through Parquet, and cast to DuckDB's types.
            spark.sql(translated).write.mode("overwrite").parquet(str(tmp_path / "out"))
            casts = ", ".join(
                f'cast("{name}" as {kind}) as "{name}"'
                for name, kind, *_ in connection.execute(f"describe {select}").fetchall()
            )
            found = connection.execute(f"select {casts} from read_parquet('{tmp_path}/out/*.parquet')").fetchall()
        return sorted(wanted, key=repr), sorted(found, key=repr)

    return run
