"""The sample company's feature logs, training snapshots and feature lineage, and where they truly drift.

Distributions are planted per member here; versions and the two great drifts come from `world`. Each member logs in
another of the shapes the source knows, a few days a file.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.scenario.world import CONCEPT_DRIFT, DATA_DRIFT, MEMBERS, Member, World

DAYS_A_FILE = 5
SNAPSHOT_ROWS = 1_500
SNAPSHOT_LEAD = 2
"""Days before a version serves that its training data were taken."""
OUTCOME_DELAY = 5
"""Days after which it is known whether a payment was evaluated wrongly."""
NEW_CATEGORY = ("route-optimiser", "vehicle", 25)
"""Whose feature takes a value its training never saw, days after the start, on a twelfth of the rows."""
ROWS_A_DAY = {"recommender": 250, "fraud-detector": 300, "route-optimiser": 150, "support-assistant": 60, "triage": 20}
FAULTY_DAY = 17
"""Days after the start: one row of triage's log has a broken time, and a model nobody knows has a few."""
STRANGERS = 3

Values = NDArray[np.float64] | list[str | None]
Columns = dict[str, Values]


@dataclass(frozen=True)
class Moment:
    """What a row depends on: the member's day, and how old the data were that its version was trained on."""

    age: int
    weekday: int
    trained_at: int


def write_features(world: World, landing: Path) -> dict[str, object]:
    """Write logs under `landing/features`, snapshots and lineage under `landing/training`; return what truly drifts."""
    folder, training = landing / "features", landing / "training"
    folder.mkdir(parents=True, exist_ok=True)
    training.mkdir(parents=True, exist_ok=True)
    written = {"values": 0, "quarantined_rows": 0, "unmapped_rows": 0}
    for first in range(0, world.days, DAYS_A_FILE):
        ages = range(first, min(first + DAYS_A_FILE, world.days))
        for member_id, write in WRITERS.items():
            write(world, folder, _member(member_id), ages)
        if FAULTY_DAY in ages:
            written["quarantined_rows"] += 1
            written["unmapped_rows"] += STRANGERS
    for member_id in WRITERS:
        if member_id != "support-assistant":  # its reference is its first two weeks
            _write_snapshots(world, training, _member(member_id))
    _write_lineage(world, training)
    return {"drifted": _drifted(world), "snapshot_rows": SNAPSHOT_ROWS} | written


def _member(member_id: str) -> Member:
    return next(member for member in MEMBERS if member.id == member_id)


def _recommender(rng: np.random.Generator, n: int, at: Moment) -> Columns:
    items: NDArray[np.float64] = rng.poisson(12, n).astype(float)
    items[rng.random(n) < 0.05] = np.nan
    return {
        "session_minutes": rng.gamma(2.0, 4.0, n).round(2),
        "basket_usd": np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(3.5, 0.8, n)).round(2),
        # Higher at weekends, every week: a season, which training has seen.
        "season_index": (rng.normal(1.0, 0.25, n) + (0.06 if at.weekday >= 5 else 0.0)).round(4),
        "items_seen": items,
        "device": _chosen(rng, n, {"phone": 0.62, "desktop": 0.3, "tablet": 0.08}),
        "ranking_score": rng.beta(2, 5, n).round(5),
    }


def _fraud(rng: np.random.Generator, n: int, at: Moment) -> Columns:
    age = rng.exponential(900, n).round()
    age[rng.random(n) < 0.03] = np.nan
    errs = 0.25 if at.age >= CONCEPT_DRIFT[1] > at.trained_at else 0.05
    return {
        "amount_usd": rng.lognormal(3.3, 1.2, n).round(2),
        "account_age_days": age,
        "chargebacks": np.where(rng.random(n) < 0.85, 0, rng.poisson(1.2, n)).astype(float),
        "merchant_type": _chosen(rng, n, {"grocery": 0.4, "online": 0.35, "travel": 0.15, "fuel": 0.1}),
        "schema_version": np.full(n, 3.0),
        "fraud_score": rng.beta(1.2, 8.0, n).round(4),
        "is_error": (rng.random(n) < errs).astype(float),
    }


def _route(rng: np.random.Generator, n: int, at: Moment) -> Columns:
    parcels = rng.poisson(140, n).astype(float)
    vehicles = {"van": 0.7, "truck": 0.25, "electric-van": 0.05}
    if at.age >= NEW_CATEGORY[2]:
        vehicles = {name: share * 11 / 12 for name, share in vehicles.items()} | {"cargo-bike": 1 / 12}
    return {
        "fuel_price": rng.normal(1.95 if at.age >= DATA_DRIFT[2] else 1.70, 0.10, n).round(3),
        "parcels": parcels,
        "distance_km": rng.gamma(9.0, 12.0, n).round(1),
        "depot_temperature_k": rng.normal(286.0, 4.0, n).round(2),
        "vehicle": _chosen(rng, n, vehicles),
        "planned_minutes": (parcels * 2.4 + rng.normal(60, 15, n)).round(1),
    }


def _support(rng: np.random.Generator, n: int, at: Moment) -> Columns:
    del at
    return {
        "prompt_tokens": rng.gamma(3.0, 300.0, n).round(),
        "language": _chosen(rng, n, {"en": 0.7, "de": 0.2, "fr": 0.1}),
        "topic": _chosen(rng, n, {"delivery": 0.4, "returns": 0.3, "payment": 0.2, "other": 0.1}),
        "sentiment": np.clip(rng.normal(-0.1, 0.4, n), -1, 1).round(3),
        "reply_tokens": rng.gamma(4.0, 55.0, n).round(),
    }


def _triage(rng: np.random.Generator, n: int, at: Moment) -> Columns:
    del at
    return {
        "heart_rate": rng.normal(84, 16, n).round(),
        "age_years": rng.integers(0, 95, n).astype(float),
        "arrival": _chosen(rng, n, {"walk-in": 0.7, "ambulance": 0.27, "referral": 0.03}),
        "oxygen": np.clip(rng.normal(97, 2, n), 70, 100).round(),
        "urgency": _chosen(rng, n, {"1": 0.02, "2": 0.14, "3": 0.44, "4": 0.3, "5": 0.1}),
    }


def _chosen(rng: np.random.Generator, n: int, shares: Mapping[str, float]) -> list[str | None]:
    return [str(name) for name in rng.choice(list(shares), n, p=list(shares.values()))]


PLANTED: dict[str, Callable[[np.random.Generator, int, Moment], Columns]] = {
    "recommender": _recommender,
    "fraud-detector": _fraud,
    "route-optimiser": _route,
    "support-assistant": _support,
    "triage": _triage,
}


def _trained_at(world: World, member: Member, version: str) -> int:
    """Days after the start at which the version's training data were taken; before it for the first."""
    ages = [r.age for r in world.releases(member) if r.version == version and not r.is_rollback]
    return (ages[0] if ages else 0) - SNAPSHOT_LEAD


def _day(world: World, member: Member, age: int) -> tuple[date, str, Columns, list[str]]:
    """The day, the version that served, the values, and the instants (ISO, UTC) of the rows, in order."""
    day = world.start + timedelta(days=age)
    version = world.version(member, day)
    rng = world.rng("features", member.id, day)
    share = 0.0 if not world.requests(member, day).sum() else 1.0
    n = int(rng.poisson(ROWS_A_DAY[member.id]) * share)
    moment = Moment(age, day.weekday(), _trained_at(world, member, version))
    columns = PLANTED[member.id](rng, n, moment)
    seconds = np.sort(rng.integers(0, 86_400, n))
    return day, version, columns, [f"{world.at(day) + timedelta(seconds=int(s)):%Y-%m-%dT%H:%M:%SZ}" for s in seconds]


def _rows(world: World, member: Member, ages: range) -> tuple[dict[str, list[str]], Columns]:
    """The days' own columns and their features."""
    own: dict[str, list[str]] = {"timestamp": [], "model": [], "version": [], "prediction_id": []}
    values: dict[str, list[object]] = {}
    for age in ages:
        day, version, columns, instants = _day(world, member, age)
        own["timestamp"] += instants
        own["model"] += [member.log_name] * len(instants)
        own["version"] += [version] * len(instants)
        own["prediction_id"] += [f"{member.log_name}-{day}-{i}" for i in range(len(instants))]
        for name, column in columns.items():
            values.setdefault(name, []).extend(column)
    return own, values  # type: ignore[return-value]


def _last(world: World, ages: range) -> date:
    return world.start + timedelta(days=ages[-1])


def _write_parquet(world: World, folder: Path, member: Member, ages: range) -> None:
    """One column a feature, Parquet; the errors are known later and come in a file of their own."""
    own, columns = _rows(world, member, ages)
    table = {
        "timestamp": pa.array([_instant(text) for text in own["timestamp"]], pa.timestamp("us")),
        **{name: pa.array(own[name], pa.string()) for name in ("model", "version", "prediction_id")},
        **{name: _array(column) for name, column in columns.items() if name != "is_error"},
    }
    pq.write_table(pa.table(table), folder / f"{member.log_name}-{_last(world, ages)}.parquet", compression="zstd")


def _instant(text: str) -> np.datetime64:
    return np.datetime64(text.removesuffix("Z"), "us")


def _array(column: Values) -> pa.Array:
    if any(isinstance(value, str) for value in column):
        return pa.array(column, pa.string())
    return pa.array(np.asarray(column, dtype=float), pa.float64(), from_pandas=True)


def _write_fraud(world: World, folder: Path, member: Member, ages: range) -> None:
    _write_parquet(world, folder, member, ages)
    known = range(max(0, ages[0] - OUTCOME_DELAY), max(0, ages[-1] + 1 - OUTCOME_DELAY))
    if not known:
        return
    own, columns = _rows(world, member, known)
    path = folder / f"{member.log_name}-outcomes-{_last(world, ages)}.csv"
    _write_csv(path, [*own, "is_error"], zip(*own.values(), (_text(v) for v in columns["is_error"]), strict=True))


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _write_csv(path: Path, header: list[str], rows: Iterator[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def _write_route(world: World, folder: Path, member: Member, ages: range) -> None:
    """One row a value, CSV, gzipped; a tenth of the rows again as shadow traffic, which does not count."""
    own, columns = _rows(world, member, ages)
    lines = [["timestamp", "model", "version", "environment", "prediction_id", "feature", "value"]]
    for name, column in columns.items():
        for i, value in enumerate(column):
            key = [own["timestamp"][i], own["model"][i], own["version"][i]]
            lines.append([*key, "prod", own["prediction_id"][i], name, _text(value)])
            if i % 10 == 0:
                lines.append([*key, "shadow", own["prediction_id"][i], name, "0"])
    path = folder / f"{member.log_name}-{_last(world, ages)}.csv.gz"
    with gzip.GzipFile(path, "wb", mtime=0) as target:
        target.write("".join(",".join(line) + "\n" for line in lines).encode())


EDGES = {
    "prompt_tokens": np.array([0, 200, 400, 600, 800, 1000, 1300, 1700, 2500, 10_000]),
    "sentiment": np.array([-1, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 1.0]),
    "reply_tokens": np.array([0, 80, 120, 160, 200, 240, 280, 340, 420, 3_000]),
}


def _write_support(world: World, folder: Path, member: Member, ages: range) -> None:
    """A monitor's histograms of each day, JSON lines."""
    lines = []
    for age in ages:
        day, version, columns, _ = _day(world, member, age)
        window = {
            "model": member.log_name, "version": version,
            "window_start": f"{world.at(day):%Y-%m-%dT%H:%M:%SZ}",
            "window_end": f"{world.at(day, 24):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        for name, column in columns.items():
            if name in EDGES:
                edges = EDGES[name]
                counts, _ = np.histogram(np.asarray(column, dtype=float), edges)
                bins: list[dict[str, object]] = [
                    {"bin_low": float(low), "bin_high": float(high), "count": int(count)}
                    for low, high, count in zip(edges, edges[1:], counts, strict=False)
                ]
            else:
                names, counts = np.unique([str(value) for value in column], return_counts=True)
                bins = [{"category": str(name), "count": int(n)} for name, n in zip(names, counts, strict=True)]
            lines += [json.dumps(window | {"feature": name} | one) for one in bins]
    (folder / f"{member.log_name}-histograms-{_last(world, ages)}.jsonl").write_text("\n".join(lines) + "\n")


def _write_triage(world: World, folder: Path, member: Member, ages: range) -> None:
    """One column a feature, CSV: too few rows a day to test; with a broken one, and a stranger's, on one day."""
    own, columns = _rows(world, member, ages)
    rows = [tuple(_text(cell) for cell in row) for row in zip(*own.values(), *columns.values(), strict=True)]
    if FAULTY_DAY in ages:
        rows.append(("soon", *rows[0][1:3], "broken", *rows[0][4:]))
        rows += [(row[0], "triage-experiment", *row[2:]) for row in rows[:STRANGERS]]
    _write_csv(folder / f"{member.log_name}-{_last(world, ages)}.csv", [*own, *columns], iter(rows))


WRITERS: dict[str, Callable[[World, Path, Member, range], None]] = {
    "recommender": _write_parquet,
    "fraud-detector": _write_fraud,
    "route-optimiser": _write_route,
    "support-assistant": _write_support,
    "triage": _write_triage,
}


def _versions(world: World, member: Member) -> list[str]:
    return ["v1", *(r.version for r in world.releases(member) if not r.is_rollback)]


def _write_snapshots(world: World, folder: Path, member: Member) -> None:
    """What each version was trained on: as Parquet, for triage as CSV."""
    for version in _versions(world, member):
        age = _trained_at(world, member, version)
        taken = world.start + timedelta(days=age)
        rng = world.rng("snapshot", member.id, version)
        # Training data hold whole weeks: one part of seven for each weekday.
        parts = [
            PLANTED[member.id](
                rng, SNAPSHOT_ROWS // 7 + (1 if weekday < SNAPSHOT_ROWS % 7 else 0), Moment(age, weekday, age)
            )
            for weekday in range(7)
        ]
        columns: dict[str, list[object]] = {name: [v for part in parts for v in part[name]] for name in parts[0]}
        own: dict[str, list[str]] = {
            "snapshot_id": [f"{member.log_name}-training-{version}"] * SNAPSHOT_ROWS,
            "model": [member.log_name] * SNAPSHOT_ROWS,
            "version": [version] * SNAPSHOT_ROWS,
            "taken_at": [f"{world.at(taken):%Y-%m-%dT%H:%M:%SZ}"] * SNAPSHOT_ROWS,
        }
        stem = folder / f"{member.log_name}-training-{version}-{taken}"
        if member.id == "triage":
            rows = zip(*own.values(), *([_text(v) for v in column] for column in columns.values()), strict=True)
            _write_csv(stem.with_name(stem.name + ".csv"), [*own, *columns], rows)
            continue
        table = {name: pa.array(column, pa.string()) for name, column in own.items() if name != "taken_at"}
        table["taken_at"] = pa.array([_instant(text) for text in own["taken_at"]], pa.timestamp("us"))
        table |= {name: _array(column) for name, column in columns.items()}  # type: ignore[arg-type]
        pq.write_table(pa.table(table), stem.with_name(stem.name + ".parquet"), compression="zstd")


def _write_lineage(world: World, folder: Path) -> None:
    """Which table and column each feature is made from; predictions and errors come from nowhere else."""
    outputs = {"ranking_score", "fraud_score", "is_error", "planned_minutes", "reply_tokens", "urgency"}
    rows = []
    for member_id, plant in PLANTED.items():
        member = _member(member_id)
        for name in plant(world.rng("names"), 1, Moment(0, 0, 0)):
            if name not in outputs:
                table = "market.fuel_prices" if name == "fuel_price" else f"{member_id.replace('-', '_')}.events"
                rows.append((member.log_name, name, table, name, str(world.start)))
    header = ["model", "feature", "source_table", "source_column", "as_of"]
    _write_csv(folder / f"lineage-{world.start}.csv", header, iter(rows))


def _drifted(world: World) -> list[dict[str, object]]:
    """Each member, feature and day on which what is logged is not what the serving version was trained on."""
    found: list[dict[str, object]] = []
    for member_id, feature, begins, delay in (
        (*CONCEPT_DRIFT[:1], "is_error", CONCEPT_DRIFT[1], OUTCOME_DELAY),
        (*DATA_DRIFT, 0),
        (*NEW_CATEGORY, 0),
    ):
        member = _member(str(member_id))
        for age in range(int(begins), world.days - delay):
            day = world.start + timedelta(days=age)
            if _trained_at(world, member, world.version(member, day)) < int(begins):
                found.append({"model_id": member.id, "feature": feature, "day": str(day)})
    return found
