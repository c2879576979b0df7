"""The sample company's predictions and what turned out, as the models' own logs and label exports hold them.

Scores and outcomes are drawn from laws written down here; a label comes late by a law of its own. What the laws
say of each model's accuracy, and what the rows add up to, is the truth. A sample of the traffic is logged, not all.
"""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.scenario.world import CONCEPT_DRIFT, MEMBERS, Member, World

DAILY = {"fraud-detector": 260, "triage": 130, "route-optimiser": 100, "recommender": 200, "support-assistant": 100}
"""Predictions logged on a day, on average; the writing assistant logs none."""
HOLDOUT = 150
"""Predictions of a version on its holdout set, labelled on the day it is released."""
HOLDOUT_MEMBERS = ("fraud-detector", "triage")
SHADOW = 8
"""Shadow predictions of the fraud detector a day: nobody acted on them."""
UNKNOWN_MODEL = "ghost-scorer"
FAULTY_WEEKDAY = 4
"""Days after the start, modulo 7, whose fraud log holds one row without an id and one without a score."""
REDELIVERED_DAY = 6
"""The first half of the recommender's lists of this day is delivered a second time, in a file of its own."""
LATE_DAY, LATE_BY = 9, 4
"""The triage log of this day is delivered that many days late: after the first of its labels."""

FRAUD_RATE, SEPARATION = 0.05, 3.4
"""Share of fraud, and how many standard deviations lie between the log-odds of fraud and of the rest. The score is
the exact probability, except for the two groups below."""
WORSE_BAND, WORSE_BAND_SHARE, WORSE_BAND_SHIFT = "over_65", 0.2, 0.8
WORSE_VERSION, WORSE_VERSION_SHIFT = "v3", 0.9
"""Fraud of this age band, or scored by this version, has its log-odds lowered by so many standard deviations."""
DRIFT_TO_GENUINE, DRIFT_TO_FRAUD = 0.30, 0.02
"""From `CONCEPT_DRIFT` on, the share of what looks like fraud that is none, and of what does not that is."""
TRIAGE_CLASSES, TRIAGE_SHARES = ("routine", "soon", "urgent"), (0.6, 0.3, 0.1)
TRIAGE_ACCURACY = {"north": 0.86, "south": 0.86, "harbour": 0.72}
ROUTE_SHAPE, ROUTE_SCALE, ROUTE_LEAST = 9.0, 5.0, 10.0
"""Planned minutes: a gamma law, and the least a route takes."""
DEPOT_SHARES, DEVICE_SHARES = (0.5, 0.3, 0.2), (0.4, 0.5, 0.1)
ROUTE_ERROR_MINUTES = {"city": (0.0, 5.0), "coast": (0.0, 5.0), "hills": (4.0, 9.0)}
"""Mean and standard deviation of actual − planned minutes."""
CANCELLED = 0.01
"""Share of routes that were not driven: their actual minutes are 0."""
RANKED = 10
CLICK = {"desktop": 0.35, "mobile": 0.30, "tablet": 0.30}
"""Chance that the first item is clicked; of the i-th it is an i-th of that."""
DRAFT_ACCURACY = {"en": 0.90, "de": 0.78, "fr": 0.90}
REVIEWED, CORRECTED = 0.3, 0.05
"""Share of drafts a person reviews, and of reviews that a second person overturns three days later."""
LABEL_DAYS = {
    "fraud-detector": (2.0, 2.0), "triage": (2.0, 0.7), "route-optimiser": (2.0, 0.3),
    "recommender": (1.0, 0.2), "support-assistant": (2.0, 1.0),
}  # fmt: skip
"""Shape and scale, in days, of the gamma law by which a label is late."""
CHARGEBACK_SCALE = 3.5
"""Its scale for fraud: chargebacks come later than the all-clear."""
LABELLED = {"fraud-detector": 0.99, "triage": 0.95, "route-optimiser": 1.0, "recommender": 1.0}
"""Share of predictions whose label ever comes."""
LABEL_WINDOW_DAYS = 60
"""Labels that come later than this are not waited for."""


@dataclass(frozen=True)
class Prediction:
    """A row of the prediction log."""

    prediction_id: str
    at: datetime
    version: str
    environment: str
    score: float | None
    prediction: str | list[str] | None
    cohorts: dict[str, str]

    @property
    def scores(self) -> dict[str, float] | None:
        """Of the triage model, every class's probability: what its own leaves goes to the others by their share."""
        if self.prediction not in TRIAGE_CLASSES or self.score is None:
            return None
        shares = {name: s for name, s in zip(TRIAGE_CLASSES, TRIAGE_SHARES, strict=True) if name != self.prediction}
        others = {name: round((1 - self.score) * s / sum(shares.values()), 6) for name, s in shares.items()}
        return {str(self.prediction): self.score} | others


@dataclass(frozen=True)
class Label:
    """A row of the label export."""

    prediction_id: str
    at: datetime
    label: str
    source: str


@dataclass
class Log:
    """What one member logged, and the labels that came for it."""

    predictions: list[Prediction] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


Outcomes = tuple[list[float | None], list[str | list[str] | None], list[str], list[dict[str, str]], NDArray[np.float64]]
"""Scores, predictions, true labels, cohorts, and the scale of each label's delay."""


def write_predictions(world: World, landing: Path) -> dict[str, object]:
    """Write prediction logs and labels under `landing/predictions`; return what was planted."""
    root = landing / "predictions"
    truth: dict[str, object] = {}
    quarantined = 0
    for member in MEMBERS:
        if member.id not in DAILY:
            continue
        folder = root / member.log_name
        folder.mkdir(parents=True, exist_ok=True)
        log = Log()
        by_day: defaultdict[date, list[Label]] = defaultdict(list)
        for age, day in enumerate(world.dates):
            predicted, labels = _day(world, member, age)
            log.predictions += predicted
            log.labels += labels
            for label in labels:
                by_day[label.at.date()].append(label)
            delivered = age + LATE_BY if member.id == "triage" and age == LATE_DAY else age
            name = f"{member.log_name}-{world.start + timedelta(days=delivered)}"
            name += "-late" if delivered != age else ""
            faulty = member.id == "fraud-detector" and age % 7 == FAULTY_WEEKDAY
            if delivered < world.days:
                _write_log(member, folder / name, predicted, faulty)
                quarantined += 2 if faulty else 0
            else:
                log.predictions = log.predictions[: -len(predicted)]
            if member.id == "recommender" and age == REDELIVERED_DAY:
                _write_log(member, folder / f"{name}-again", predicted[: len(predicted) // 2], False)
            _write_labels(member, root / "labels" / f"{member.log_name}-{day}", by_day[day])
        end = world.at(world.start + timedelta(days=world.days))
        truth[member.id] = _counted(member, log, end)
    return {"members": truth, "quarantined": quarantined, "unmapped": world.days, "laws": _laws()}


def _day(world: World, member: Member, age: int) -> tuple[list[Prediction], list[Label]]:
    """A day's predictions of a member, and the labels they will ever get."""
    day = world.dates[age]
    rng = world.rng("predictions", member.id, day)
    law = _LAWS[member.id]
    version = world.version(member, day)
    batches = [("prod", int(rng.poisson(DAILY[member.id] * (member.weekend if day.weekday() >= 5 else 1.0))))]
    if member.id == "fraud-detector":
        batches.append(("shadow", SHADOW))
    is_released = age == 0 or any(r.age == age and not r.is_rollback for r in world.releases(member))
    if is_released and member.id in HOLDOUT_MEMBERS:
        batches.append(("holdout", HOLDOUT))
    predicted: list[Prediction] = []
    labels: list[Label] = []
    for environment, count in batches:
        scores, predictions, outcomes, cohorts, scales = law(rng, count, version, _drifts(member, age))
        seconds = np.sort(rng.uniform(0, 86_400, count))
        late = rng.gamma(LABEL_DAYS[member.id][0], scales)
        ever, again = rng.random(count), rng.random(count)
        for i in range(count):
            at = world.at(day) + timedelta(seconds=round(float(seconds[i]), 3))
            name = f"{member.log_name}-{day:%Y%m%d}-{environment[0]}{i:05d}"
            predicted.append(Prediction(name, at, version, environment, scores[i], predictions[i], cohorts[i]))
            known = at + timedelta(seconds=round(float(late[i]) * 86_400, 3))
            if environment == "holdout":
                labels.append(Label(name, at + timedelta(minutes=1), outcomes[i], "holdout"))
            elif member.id == "support-assistant":
                if ever[i] < REVIEWED:
                    labels.append(Label(name, known, outcomes[i], "human_review"))
                    if again[i] < CORRECTED:
                        other = "incorrect" if outcomes[i] == "correct" else "correct"
                        labels.append(Label(name, known + timedelta(days=3), other, "human_review"))
            elif ever[i] < LABELLED[member.id]:
                labels.append(Label(name, known, outcomes[i], "production"))
    return predicted, labels


def _drifts(member: Member, age: int) -> bool:
    return member.id == CONCEPT_DRIFT[0] and age >= CONCEPT_DRIFT[1]


def _pick(rng: np.random.Generator, names: tuple[str, ...], shares: tuple[float, ...], count: int) -> list[str]:
    return [names[i] for i in rng.choice(len(names), size=count, p=shares)]


def _fraud(rng: np.random.Generator, count: int, version: str, drifts: bool) -> Outcomes:
    looks = rng.random(count) < FRAUD_RATE
    bands = _pick(rng, ("under_35", "35_to_65", WORSE_BAND), (0.3, 0.5, WORSE_BAND_SHARE), count)
    channels = _pick(rng, ("card", "online"), (0.6, 0.4), count)
    shift = np.array([WORSE_BAND_SHIFT if band == WORSE_BAND else 0.0 for band in bands])
    shift = np.maximum(shift, WORSE_VERSION_SHIFT if version == WORSE_VERSION else 0.0)
    middle = np.where(looks, SEPARATION / 2 - shift, -SEPARATION / 2)
    odds = math.log(FRAUD_RATE / (1 - FRAUD_RATE)) + SEPARATION * (middle + rng.standard_normal(count))
    scores = 1 / (1 + np.exp(-odds))
    turn = rng.random(count)
    is_fraud = np.where(looks, turn >= DRIFT_TO_GENUINE, turn < DRIFT_TO_FRAUD) if drifts else looks
    scales = np.where(is_fraud, CHARGEBACK_SCALE, LABEL_DAYS["fraud-detector"][1])
    cohorts = [{"channel": c, "age_band": b} for c, b in zip(channels, bands, strict=True)]
    labels = ["fraud" if fraud else "genuine" for fraud in is_fraud]
    return [round(float(s), 9) for s in scores], [None] * count, labels, cohorts, scales


def _triage(rng: np.random.Generator, count: int, version: str, drifts: bool) -> Outcomes:
    sites = _pick(rng, tuple(TRIAGE_ACCURACY), (0.4, 0.4, 0.2), count)
    bands = _pick(rng, ("child", "adult", "senior"), (0.2, 0.5, 0.3), count)
    truth = rng.choice(3, size=count, p=TRIAGE_SHARES)
    right = rng.random(count) < np.array([TRIAGE_ACCURACY[site] for site in sites])
    guess = np.where(right, truth, (truth + 1 + rng.integers(0, 2, count)) % 3)
    scores = np.round(0.4 + 0.6 * rng.beta(4, 1.5, count), 6)
    cohorts = [{"site": s, "age_band": b} for s, b in zip(sites, bands, strict=True)]
    predictions: list[str | list[str] | None] = [TRIAGE_CLASSES[i] for i in guess]
    return list(scores), predictions, [TRIAGE_CLASSES[i] for i in truth], cohorts, _scales("triage", count)


def _routes(rng: np.random.Generator, count: int, version: str, drifts: bool) -> Outcomes:
    depots = _pick(rng, tuple(ROUTE_ERROR_MINUTES), DEPOT_SHARES, count)
    planned = np.round(rng.gamma(ROUTE_SHAPE, ROUTE_SCALE, count) + ROUTE_LEAST, 1)
    law = np.array([ROUTE_ERROR_MINUTES[depot] for depot in depots]).reshape(count, 2)
    driven = np.maximum(np.round(planned + law[:, 0] + law[:, 1] * rng.standard_normal(count), 1), 1.0)
    actual = np.where(rng.random(count) < CANCELLED, 0.0, driven)
    predictions: list[str | list[str] | None] = [f"{p:.1f}" for p in planned]
    labels = [f"{a:.1f}" for a in actual]
    return [None] * count, predictions, labels, [{"depot": d} for d in depots], _scales("route-optimiser", count)


def _rankings(rng: np.random.Generator, count: int, version: str, drifts: bool) -> Outcomes:
    devices = _pick(rng, tuple(CLICK), DEVICE_SHARES, count)
    lists = [[f"p{item}" for item in row] for row in rng.integers(0, 5000, (count, 1)) + np.arange(RANKED) * 5000]
    chance = np.array([CLICK[device] for device in devices])[:, None] / np.arange(1, RANKED + 1)
    clicked = rng.random((count, RANKED)) < chance
    labels = [
        json.dumps([i for i, c in zip(items, row, strict=True) if c]) for items, row in zip(lists, clicked, strict=True)
    ]
    predictions: list[str | list[str] | None] = list(lists)
    return [None] * count, predictions, labels, [{"device": d} for d in devices], _scales("recommender", count)


def _drafts(rng: np.random.Generator, count: int, version: str, drifts: bool) -> Outcomes:
    languages = _pick(rng, tuple(DRAFT_ACCURACY), (0.6, 0.25, 0.15), count)
    right = rng.random(count) < np.array([DRAFT_ACCURACY[language] for language in languages])
    labels = ["correct" if r else "incorrect" for r in right]
    cohorts = [{"language": language} for language in languages]
    return [None] * count, ["draft"] * count, labels, cohorts, _scales("support-assistant", count)


def _scales(member: str, count: int) -> NDArray[np.float64]:
    return np.full(count, LABEL_DAYS[member][1])


_LAWS: dict[str, Callable[[np.random.Generator, int, str, bool], Outcomes]] = {
    "fraud-detector": _fraud,
    "triage": _triage,
    "route-optimiser": _routes,
    "recommender": _rankings,
    "support-assistant": _drafts,
}


def _write_log(member: Member, path: Path, rows: list[Prediction], faulty: bool) -> None:
    """The day in the member's own layout: CSV for routes, JSON lines for drafts, Parquet else."""
    if member.id == "route-optimiser":
        with path.with_name(path.name + ".csv").open("w", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(["prediction_id", "timestamp", "model_name", "model_version", "prediction", "cohorts"])
            for row in rows:
                about = [row.prediction_id, _iso(row.at), member.log_name, row.version, row.prediction]
                writer.writerow([*about, json.dumps(row.cohorts)])
        return
    if member.id == "support-assistant":
        lines = [
            {
                "prediction_id": row.prediction_id, "timestamp": _iso(row.at), "model_name": member.log_name,
                "model_version": row.version, "environment": row.environment, "prediction": row.prediction,
                "cohorts": row.cohorts,
            }
            for row in rows
        ]  # fmt: skip
        path.with_name(path.name + ".jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return
    written = list(rows)
    if faulty:
        written += [
            Prediction("", rows[0].at, "v1", "prod", 0.5, None, {}),
            Prediction(f"{rows[0].prediction_id}-x", rows[0].at, "v1", "prod", None, None, {}),
        ]
    ranked = member.id == "recommender"
    names = [member.log_name] * len(written)
    if ranked and not path.name.endswith("-again"):
        written.append(Prediction(f"{rows[0].prediction_id}-ghost", rows[0].at, "v0", "prod", None, ["p1"], {}))
        names.append(UNKNOWN_MODEL)
    table = pa.table(
        {
            "prediction_id": pa.array([row.prediction_id for row in written], pa.string()),
            "timestamp": pa.array([row.at.replace(tzinfo=None) for row in written], pa.timestamp("us")),
            "model_name": pa.array(names, pa.string()),
            "model_version": pa.array([row.version for row in written], pa.string()),
            "endpoint": pa.array([f"/v1/models/{name}/predict" for name in names], pa.string()),
            "environment": pa.array([row.environment for row in written], pa.string()),
            "score": pa.array([row.score for row in written], pa.float64()),
            "prediction": pa.array(
                [row.prediction for row in written], pa.list_(pa.string()) if ranked else pa.string()
            ),
            "cohorts": pa.array([json.dumps(row.cohorts) for row in written], pa.string()),
        }
    )
    if member.id == "triage":
        table = table.append_column("scores", pa.array([json.dumps(row.scores) for row in written], pa.string()))
    pq.write_table(table, path.with_name(path.name + ".parquet"), compression="zstd")


def _write_labels(member: Member, path: Path, labels: list[Label]) -> None:
    """The labels that became known on a day, of whatever day's predictions; an empty day has its file too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = sorted(labels, key=lambda label: label.at)
    if member.id == "triage":
        with path.with_name(path.name + ".csv").open("w", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(["prediction_id", "labelled_at", "label", "label_source"])
            writer.writerows([label.prediction_id, _iso(label.at), label.label, label.source] for label in known)
        return
    lines = [
        {
            "prediction_id": label.prediction_id, "labelled_at": _iso(label.at), "label": label.label,
            "label_source": label.source,
        }
        for label in known
    ]  # fmt: skip
    path.with_name(path.name + ".jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _iso(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _counted(member: Member, log: Log, end: datetime) -> dict[str, object]:
    """What the rows add up to: predictions a day, and the outcomes known by `end` per label source and version."""
    counts: dict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    latest: dict[tuple[str, str], Label] = {}
    by_id = {row.prediction_id: row for row in log.predictions}
    received = 0
    for label in log.labels:
        if label.at >= end:
            continue
        received += 1
        row = by_id.get(label.prediction_id)
        if row is None or (label.at.date() - row.at.date()).days > LABEL_WINDOW_DAYS:
            continue
        key = (label.prediction_id, label.source)
        if key not in latest or label.at > latest[key].at:
            latest[key] = label
    for (prediction_id, source), label in latest.items():
        row = by_id[prediction_id]
        if row.environment == "shadow":
            continue
        for name, value in _outcome(member, row, label.label).items():
            counts[f"{source}/{row.version}"][name] += value
    daily: defaultdict[str, int] = defaultdict(int)
    for row in log.predictions:
        if row.environment == "prod":
            daily[row.at.date().isoformat()] += 1
    return {
        "predictions": dict(daily),
        "labels_received": received,
        "outcomes": {k: dict(v) for k, v in counts.items()},
    }


def _outcome(member: Member, row: Prediction, label: str) -> dict[str, float]:
    """What one labelled prediction adds to the counts."""
    if member.id == "fraud-detector":
        yes = row.score is not None and row.score >= 0.5
        cell = {(True, True): "tp", (True, False): "fp", (False, True): "fn", (False, False): "tn"}
        return {"labelled": 1, cell[yes, label == "fraud"]: 1}
    if member.id == "route-optimiser":
        error = float(str(row.prediction)) - float(label)
        return {"labelled": 1, "absolute_error": abs(error), "error": error, "actual": float(label)}
    if member.id == "recommender":
        return {"labelled": 1, "hits": float(json.loads(label) != [])}
    return {
        "labelled": 1,
        "correct": float(label == ("correct" if member.id == "support-assistant" else row.prediction)),
    }


def _laws() -> dict[str, dict[str, float]]:
    """What the laws say of each model, over all its traffic."""
    normal = NormalDist()
    prior = math.log(FRAUD_RATE / (1 - FRAUD_RATE))
    rare = WORSE_BAND_SHARE

    def recall(shift: float) -> float:
        return normal.cdf(SEPARATION / 2 - shift + prior / SEPARATION)

    fall_out = normal.cdf(-SEPARATION / 2 + prior / SEPARATION)
    before = (1 - rare) * recall(0) + rare * recall(WORSE_BAND_SHIFT)
    found = FRAUD_RATE * (1 - DRIFT_TO_GENUINE) * before + (1 - FRAUD_RATE) * DRIFT_TO_FRAUD * fall_out
    after = found / (FRAUD_RATE * (1 - DRIFT_TO_GENUINE) + (1 - FRAUD_RATE) * DRIFT_TO_FRAUD)
    shares = (0.4, 0.4, 0.2)
    return {
        "fraud-detector": {
            "recall": before,
            "recall_usual_band": recall(0),
            "recall_worse_band": recall(WORSE_BAND_SHIFT),
            "recall_worse_version": recall(WORSE_VERSION_SHIFT),
            "recall_after_concept_drift": after,
            "specificity": 1 - fall_out,
            "selection_usual_band": FRAUD_RATE * recall(0) + (1 - FRAUD_RATE) * fall_out,
            "selection_worse_band": FRAUD_RATE * recall(WORSE_BAND_SHIFT) + (1 - FRAUD_RATE) * fall_out,
        },
        "recommender": {"ndcg": _ndcg()},
        "route-optimiser": {"forecast_accuracy": _forecast_accuracy()},
        "triage": {"accuracy": sum(s * a for s, a in zip(shares, TRIAGE_ACCURACY.values(), strict=True))},
        "support-assistant": {
            "accuracy": sum(
                s * (a * (1 - CORRECTED) + (1 - a) * CORRECTED)
                for s, a in zip((0.6, 0.25, 0.15), DRAFT_ACCURACY.values(), strict=True)
            )
        },
    }


def _ndcg() -> float:
    """Mean NDCG of a list on which something is clicked: over every set of clicks, by how likely it is."""
    clicked = (np.arange(1, 2**RANKED)[:, None] >> np.arange(RANKED)) & 1 == 1
    gains = 1 / np.log2(np.arange(RANKED) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(gains)])[clicked.sum(axis=1)]
    total = weight = 0.0
    for share, first in zip(DEVICE_SHARES, CLICK.values(), strict=True):
        chance = first / np.arange(1, RANKED + 1)
        likely = share * np.where(clicked, chance, 1 - chance).prod(axis=1)
        total += float((likely * (clicked @ gains) / ideal).sum())
        weight += float(likely.sum())
    return total / weight


def _forecast_accuracy() -> float:
    """1 − E|actual − planned| / E|actual|, a cancelled route's actual minutes being 0."""
    planned = ROUTE_SHAPE * ROUTE_SCALE + ROUTE_LEAST
    normal = NormalDist()
    error = actual = 0.0
    for share, (mean, spread) in zip(DEPOT_SHARES, ROUTE_ERROR_MINUTES.values(), strict=True):
        z = mean / spread
        error += share * (2 * spread * normal.pdf(z) + mean * (2 * normal.cdf(z) - 1))
        actual += share * (planned + mean)
    return 1 - ((1 - CANCELLED) * error + CANCELLED * planned) / ((1 - CANCELLED) * actual)
