"""The vendors' files, and what goes wrong on the way: duplicates, late and skewed events, broken lines."""

from __future__ import annotations

import gzip
import re
import shutil
import zipfile
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import IO

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.scenario.analytics.plan import PLANS, QUIET_DAY, Flags, People, number_of
from pipelines.scenario.analytics.uses import millis_of
from pipelines.scenario.world import World

_MIXPANEL = """
select to_json({
    'event': event,
    'properties': {
        'time': case when {day} % 2 = 0 then millis // 1000 else millis end,
        'distinct_id': coalesce(user_id, '$device:' || device_id),
        '$insert_id': case when hash(key) % 50 > 0 then md5(key) end,
        '$device_id': device_id,
        '$user_id': user_id,
        'mp_processing_time_ms': millis + delay + 2000,
        '$email': email,
        'account_type': account_type,
        '$browser': 'Firefox',
        'mp_lib': 'web'
    }
})::varchar as line from calls
"""
_AMPLITUDE_TIME = "strftime(make_timestamp(({}) * 1000), '%Y-%m-%d %H:%M:%S.%f')"
_AMPLITUDE = f"""
select to_json({{
    '$insert_id': md5(key),
    'amplitude_id': cast(person_id as bigint),
    'client_event_time': {_AMPLITUDE_TIME.format("millis + case when hash(key) % 100 = 1 then 260000000 else 40 end")},
    'client_upload_time': {_AMPLITUDE_TIME.format("millis + delay + 1000")},
    'device_id': device_id,
    'event_properties': {{'screen': 'board'}},
    'event_time': {_AMPLITUDE_TIME.format("millis")},
    'event_type': event,
    'platform': 'Web',
    'server_received_time': {_AMPLITUDE_TIME.format("millis + delay + 1500")},
    'server_upload_time': {_AMPLITUDE_TIME.format("millis + delay + 1600")},
    'user_id': user_id,
    'user_properties': {{'email': email, 'role': 'clinician'}},
    'uuid': md5('uuid' || key)
}})::varchar as line from (from calls order by ((millis + delay + 1600) // 3600000) % 24, key)
"""
_SEGMENT_TIME = "strftime(make_timestamp(({}) * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')"
_SKEW = "case when hash(key) % 80 = 1 then 400000000 else 0 end"
_SEGMENT = f"""
select to_json({{
    'type': case when event in ('identify', 'alias') then event when event = 'Page Viewed' then 'page' else 'track' end,
    'event': case when event not in ('identify', 'alias', 'Page Viewed') then event end,
    'name': case when event = 'Page Viewed' then event end,
    'messageId': 'ajs-' || md5(key),
    'anonymousId': device_id,
    'userId': user_id,
    'previousId': from_id,
    'originalTimestamp': {_SEGMENT_TIME.format(f"millis + {_SKEW}")},
    'sentAt': {_SEGMENT_TIME.format(f"millis + delay + 20 + {_SKEW}")},
    'receivedAt': {_SEGMENT_TIME.format("millis + delay + 20")},
    'timestamp': {_SEGMENT_TIME.format("millis")},
    'properties': {{'path': '/desk'}},
    'traits': case when event = 'identify' then {{'email': email}} end,
    'context': {{'library': {{'name': 'analytics.js', 'version': '2.1.0'}}}}
}})::varchar as line from calls
"""
LINES = {"mixpanel": _MIXPANEL, "amplitude": _AMPLITUDE, "segment": _SEGMENT}
_BROKEN = {
    "mixpanel": '{"event":"Recommendation Clicked","properties":{"time":17',
    "amplitude": '{"$insert_id":"broken","event_type":"Triage Opened","event_ti',
    "segment": '{"type":"track","event":"Draft Inserted","messageId":"ajs-bro',
}
_WRONG_CLOCK = (
    '{"event":"Recommendation Clicked","properties":'
    '{"time":%d,"distinct_id":"cust-00007","$user_id":"cust-00007","mp_processing_time_ms":%d}}'
)


class Writer:
    """One source's files, a file an upload day, with what goes wrong on the way."""

    def __init__(self, world: World, landing: Path, source: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Begin `source`'s folder under `landing`."""
        self.world, self.source, self.connection = world, source, connection
        self.folder = landing / source
        self.folder.mkdir(parents=True, exist_ok=True)
        self.waiting: dict[int, list[pa.Table]] = defaultdict(list)
        self.rows = {"rows": 0, "duplicates": 0, "quarantined": 0}

    def write(self, age: int, day: date, calls: pa.Table | None) -> None:
        """Write the file uploaded on `day`: its events but for the late ones, and those now arriving."""
        rng = self.world.rng("analytics", self.source, "delivery", day)
        now = self.waiting.pop(age, [])
        if calls is not None:
            size = calls.num_rows
            delay = np.where(rng.random(size) < 0.02, rng.integers(1, 6, size), 0)
            delay[age + delay >= self.world.days] = 0
            if self.source == "segment" and age == QUIET_DAY - 1:
                delay[:3] = 1
            calls = calls.set_column(calls.schema.get_field_index("delay"), "delay", pa.array(delay * 86_400_000))
            for days in range(1, 6):
                self._hold(age + days, calls, delay == days)
            now.append(calls.filter(pa.array(delay == 0)))
            again = (rng.random(size) < 0.01) & (delay == 0)
            if self.source == "mixpanel":
                # Without an insert id nothing tells a second delivery from a second event.
                again &= self._has_insert_id(calls)
            tomorrow = again & (rng.random(size) < 0.5) & (age + 1 < self.world.days)
            self._hold(age + 1, calls, tomorrow)
            now.append(calls.filter(pa.array(again & ~tomorrow)))
            self.rows["duplicates"] += int(again.sum())
        table = pa.concat_tables(now) if now else None
        broken = self._broken(age)
        self.rows["rows"] += 0 if table is None else table.num_rows
        self.rows["quarantined"] += len(broken)
        self._write_file(day, table, broken)

    def _hold(self, until: int, calls: pa.Table, chosen: Flags) -> None:
        if chosen.any():
            self.waiting[until].append(calls.filter(pa.array(chosen)))

    def _has_insert_id(self, calls: pa.Table) -> Flags:
        self.connection.register("calls", calls)
        found = self.connection.sql("select hash(key) % 50 > 0 as has from calls").fetchnumpy()
        return np.asarray(found["has"], np.bool_)

    def _broken(self, age: int) -> list[str]:
        broken = [_BROKEN[self.source]] if age % 10 == 4 else []
        if self.source == "mixpanel" and age % 15 == 6:
            now = millis_of(self.world, self.world.dates[age])
            broken += [_WRONG_CLOCK % (time, now) for time in (86_400, now // 1000 + 2 * 365 * 86_400)]
        return broken

    def _write_file(self, day: date, table: pa.Table | None, broken: list[str]) -> None:
        name = self.folder / f"{day.isoformat()}.jsonl"
        self.connection.register("calls", table if table is not None else _EMPTY)
        self.connection.register("broken", pa.table({"line": pa.array(broken, pa.string())}))
        lines = LINES[self.source].replace("{day}", str(day.toordinal()))
        # A delimiter and no quotes that JSON could hold: each line is written as it is.
        self.connection.execute(
            f"copy ({lines} union all select line from broken) to '{name}' "
            "(format csv, header false, delimiter '\x01', quote '', escape '')"
        )
        if self.source == "amplitude":
            _zip_hours(name, day)
        else:
            with Path(f"{name}.gz").open("wb") as target, name.open("rb") as plain, _gzipped(target) as packed:
                shutil.copyfileobj(plain, packed, 2**20)
        name.unlink()


_PROJECT = "287416"
_UPLOAD_HOUR = re.compile(r'"server_upload_time":"[-0-9]{10} ([0-9]{2})')
_EMPTY = pa.table(
    {
        **{
            name: pa.array([], pa.string())
            for name in (
                "key", "event", "user_id", "device_id", "person_id", "email", "account_type", "from_id"
            )
        },
        **{name: pa.array([], pa.int64()) for name in ("millis", "delay")},
    }
)  # fmt: skip


def _gzipped(target: IO[bytes]) -> gzip.GzipFile:
    # No name and no time inside: the same world gives the same bytes.
    return gzip.GzipFile("", "wb", 6, target, 0)


def _zip_hours(lines: Path, day: date) -> None:
    """A day's upload as Amplitude's export zips it: a gzipped file for each hour of upload."""
    hour = "00"

    def upload_hour(line: str) -> str:
        nonlocal hour
        found = _UPLOAD_HOUR.search(line)
        # A broken line lies beside the one before it.
        hour = found[1] if found else hour
        return hour

    with zipfile.ZipFile(lines.with_suffix(".zip"), "w") as archive, lines.open() as text:
        for uploaded, group in groupby(text, upload_hour):
            inner = f"{_PROJECT}/{_PROJECT}_{day.isoformat()}_{int(uploaded)}#0.json.gz"
            member = zipfile.ZipInfo(inner, date_time=(1980, 1, 1, 0, 0, 0))
            with archive.open(member, "w", force_zip64=True) as target, _gzipped(target) as packed:
                packed.writelines(line.encode() for line in group)


def write_merges(world: World, landing: Path, people: People) -> None:
    """Amplitude's `MERGE_IDS`: whose second device it turned out to be."""
    plan = next(plan for plan in PLANS if plan.feature == "triage-dashboard")
    lines = []
    linked = (people.links_second >= 0) & (people.links_second < world.days)
    for user in (int(i) for i in np.flatnonzero(linked)):
        at = world.at(world.dates[int(people.links_second[user])]) + timedelta(minutes=30)
        lines.append(
            f'{{"amplitude_id":{10**9 + number_of(plan, user)},'
            f'"merged_amplitude_id":{2 * 10**9 + number_of(plan, user)},'
            f'"merge_event_time":"{_naive(at)}","merge_server_time":"{_naive(at + timedelta(hours=1))}"}}\n'
        )
    if lines:
        folder = landing / "amplitude" / "merge_ids"
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(sorted(lines)).encode()
        (folder / "MERGE_IDS.json.gz").write_bytes(gzip.compress(text, mtime=0))


def _naive(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
