"""Drift on a real stream, electricity's prices, against SciPy and numpy on the values themselves.

The stream has a drift that everybody knows of: until May 1997 the neighbouring state's market is not coupled, so that
its price, its demand and the transfer between the two are constants; from one half-hour to the next they vary.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.linear_model import LogisticRegression

from pipelines.settings import Settings
from tests.integration.quality import rows, run

FEATURES = ("time_of_day", "price", "demand", "their_price", "their_demand", "transfer")
WEEK = 7 * 48
TRAINED = 43 * WEEK
COUPLED = 363 * 48
"""The first row in which the neighbours' columns differ from what they always were."""
BEGIN = datetime(2017, 1, 2)  # noqa: DTZ001 -- a Monday; the file has no dates, and what is written is UTC
MEMBER = """\
id: elec
kind: model
name: Elec
description: Whether the price goes up.
business_unit: Test
identifiers: [{source: features, kind: model_name, value: elec}]
drift:
  window: week
  features:
"""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """What the scorer was trained on, what it read and gave afterwards by feature, and the marts' home."""

    trained: dict[str, Floats]
    served: dict[str, Floats]
    settings: Settings


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Stream:
    file = real_data / "electricity" / "elec.csv"
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    values, rises = table[:, :-1], table[:, -1]
    scorer = LogisticRegression(max_iter=500).fit(values[:TRAINED], rises[:TRAINED])
    columns = dict(zip(FEATURES, values.T, strict=True)) | {"score": scorer.predict_proba(values)[:, 1]}
    trained = {name: column[:TRAINED] for name, column in columns.items()}
    served = {name: column[TRAINED:] for name, column in columns.items()}

    settings = Settings(home=tmp_path_factory.mktemp("elec"))
    (settings.catalog_dir / "workforce").mkdir(parents=True)
    (settings.catalog_dir / "company.yaml").write_text("name: Elec\n")
    watched = [f"    - {{name: {name}, kind: numeric}}\n" for name in FEATURES]
    watched.append("    - {name: score, kind: numeric, signal: prediction}\n")
    (settings.catalog_dir / "workforce" / "elec.yaml").write_text(MEMBER + "".join(watched))
    for name in ("features", "training"):
        (settings.landing_dir / name).mkdir(parents=True)
    about = {"model": "elec", "version": "v1"}
    taken = {"snapshot_id": "first part", "taken_at": BEGIN - timedelta(days=1)}
    pq.write_table(_table(trained, about | taken), settings.landing_dir / "training" / "elec.parquet")
    times = [BEGIN + timedelta(minutes=30 * i) for i in range(len(values) - TRAINED)]
    log = _table(served, about).append_column("timestamp", pa.array(times))
    pq.write_table(log, settings.landing_dir / "features" / "elec.parquet")
    run(settings, True, sources=("features", "training"), marts=("mart_drift_windows",))
    return Stream(trained, served, settings)


def _table(columns: dict[str, Floats], constants: dict[str, object]) -> pa.Table:
    count = len(next(iter(columns.values())))
    return pa.table({name: pa.array([value] * count) for name, value in constants.items()} | columns)


def _deciles(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """How many of each lie in the reference's deciles, which are open at both ends."""
    edges = np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf")
    r, w = (np.bincount(np.searchsorted(edges, side), minlength=10).astype(float) for side in (reference, window))
    return r, w


def _psi(reference: Floats, window: Floats) -> float:
    """Each bin with half a value more."""
    r, w = (counts + 0.5 for counts in _deciles(reference, window))
    r, w = r / r.sum(), w / w.sum()
    return float(((w - r) * np.log(w / r)).sum())


def _rounded(values: Floats, bits: int | None) -> Floats:
    """The middles of the bins, `2^bits` an octave, that the values lie in."""
    if bits is None:
        return values
    octaves = np.log2(np.abs(values), where=values != 0, out=np.zeros_like(values))
    middles = np.exp2((np.ceil(octaves * 2.0**bits - 1e-9) - 0.5) / 2.0**bits)
    return np.where(values == 0, 0.0, np.sign(values) * middles)


@pytest.mark.parametrize("feature", ["time_of_day", "price", "demand", "score"])
def test_distances_are_scipys_in_every_week(stream: Stream, feature: str) -> None:
    """Equal on values rounded to the snapshot's bins; rounding moves a share by a few hundredths at most."""
    found = rows(
        stream.settings,
        "select window_start_at, reference_count, window_count, psi, ks_distance, wasserstein_distance, "
        "jensen_shannon_distance "
        f"from marts.mart_drift_windows where feature = '{feature}' and window_count > 0",
    )
    ((bits,),) = rows(
        stream.settings,
        f"select distinct bin_bits from marts.fct_reference_bins where feature = '{feature}'",
    )
    reference, served = stream.trained[feature], stream.served[feature]
    binned, spread = _rounded(reference, bits), _rounded(reference, bits).std()
    assert len(found) == -(-len(served) // WEEK)
    for start, n, m, psi, ks, wasserstein, jensen_shannon in found:
        first = (start - BEGIN) // timedelta(minutes=30)
        window = served[first : first + WEEK]
        rounded = _rounded(window, bits)
        assert (n, m) == (len(reference), len(window))
        assert psi == pytest.approx(_psi(binned, rounded), rel=1e-9, abs=1e-9)
        assert ks == pytest.approx(stats.ks_2samp(binned, rounded).statistic, rel=1e-9, abs=1e-12)
        assert wasserstein == pytest.approx(stats.wasserstein_distance(binned, rounded) / spread, rel=1e-6)
        assert jensen_shannon == pytest.approx(jensenshannon(*_deciles(binned, rounded), base=2), rel=1e-6)
        assert ks == pytest.approx(stats.ks_2samp(reference, window).statistic, abs=0.03)


@pytest.mark.parametrize("feature", ["their_price", "their_demand", "transfer"])
def test_the_week_in_which_the_markets_were_coupled_is_found(stream: Stream, feature: str) -> None:
    found = rows(
        stream.settings,
        f"select window_start_at, is_drifted from marts.mart_drift_windows where feature = '{feature}'",
    )
    coupled = BEGIN + timedelta(minutes=30 * (COUPLED - TRAINED))
    for start, is_drifted in found:
        assert is_drifted == (start + timedelta(days=7) > coupled), start
    assert {True, False} == {is_drifted for _, is_drifted in found}
