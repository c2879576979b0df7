"""Dagster's event log in SQLite, its connections kept open and the events of a range of days written at once.

A run over 60 days reports each table that is rebuilt by day 60 times. SQLite's own storage makes an engine, opens and
commits three times for each: 46 ms an event, minutes a run (measured 2026-11-23). Dagster hands such
events over together where DAGSTER_EVENT_BATCH_SIZE is set; its Postgres storage writes them so, its SQLite storage
does not.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.events import ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.event import listen

BATCH_SIZE = 1000
KEPT_OPEN = 4
"""Databases kept open: one for all runs' asset events, and those of the runs last written or read."""
BUSY_SECONDS = 5 * 60


def _without_sync(connection: sqlite3.Connection, _: object) -> None:
    """Wait for the disk at checkpoints, not at each of a thousand commits.

    In the write-ahead mode that Dagster sets, a power cut may then take the last events along and never breaks the log.
    """
    connection.execute("pragma synchronous = normal")


class BatchedEventLogStorage(SqliteEventLogStorage):
    """The SQLite event log in `<base_dir>/history/runs`, writing a batch in one transaction."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Nothing is kept open yet."""
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> BatchedEventLogStorage:
        """Keep the files where Dagster would, below the folder configured."""
        return cls(base_dir=str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data=inst_data)

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """One event says for which days an asset is planned, instead of one a day.

        The price: the UI's bar of days shows what is made, and not what is under way or has failed; the run does.
        """
        return True

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table: Dagster asks at every event, and a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        """Plan a check once for a run, which is what it is evaluated for.

        Dagster plans it for each day of the asset, three thousand rows a morning, and finds none of them again when the
        check is evaluated as a whole: planned they would stay.
        """
        asked = event.get_dagster_event()
        planned = asked.asset_check_planned_data
        whole = AssetCheckEvaluationPlanned(asset_key=planned.asset_key, check_name=planned.check_name)
        super()._store_asset_check_evaluation_planned(
            event._replace(dagster_event=asked._replace(event_specific_data=whole)), event_id
        )

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if not Path(self.path_for_shard(shard)).exists():
                self._forget(shard)  # wiped: what is open is no longer the file
            if shard not in self._engines:
                self._engines[shard] = create_engine(
                    self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_SECONDS}
                )
                listen(self._engines[shard], "connect", _without_sync)
            self._engines.move_to_end(shard)
            if shard not in self._initialized_dbs:
                self._initdb(self._engines[shard])
                self._initialized_dbs.add(shard)
            with self._engines[shard].begin() as connection:
                yield connection
            while len(self._engines) > KEPT_OPEN:
                self._forget(next(iter(self._engines)))

    def _forget(self, shard: str) -> None:
        engine = self._engines.pop(shard, None)
        if engine is not None:
            engine.dispose()

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        for shard in list(self._engines):
            self._forget(shard)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run that Dagster hands over together."""
        together: list[EventLogEntry] = []
        for event in events:
            if event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS:
                together.append(event)
            else:
                self.store_event(event)
        if not together:
            return
        rows = [self._event_to_row(event) for event in together]
        insert = SqlEventLogStorageTable.insert()
        with self.run_connection(together[0].run_id) as connection:
            connection.execute(insert, rows)
        numbered = insert.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)
        with self.index_transaction() as connection:
            ids: list[int] = list(connection.execute(numbered, rows).scalars())
            self._store_asset_event_tags(connection, together, ids)
            newest = {
                event.get_dagster_event().asset_key: (event, id_) for event, id_ in zip(together, ids, strict=True)
            }
            for event, id_ in newest.values():
                self._store_asset_event(connection, event, id_)
