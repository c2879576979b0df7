"""Drift of a window against its reference: alarms where nothing has drifted, and where something has.

Numbers are binned as `fct_drift_bins` bins them. The PSI's floor is put at next to nothing here, so that
what is measured is the statistics: with the declared floor alarms are rarer still.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench.calibration import ANYTIME, Case, Held
from pipelines.estimates.drift import Comparisons, Verdicts, evaluate

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]
DECILES, KEPT_VALUES, KEPT_CATEGORIES = 10, 10, 20
SIZES = (100, 300, 1_000, 10_000)
LARGER = 5
LEAST_FLOOR = 1e-9


def bins(reference: Values, window: Values, numeric: bool) -> tuple[list[int], list[int], float, int, int]:
    """Counts per bin of both sides, KS distance, unseen values, and values the reference saw once; NaN is missing."""
    r, w = reference[~np.isnan(reference)], window[~np.isnan(window)]
    unseen, singletons = 0, 0
    if numeric and len(np.unique(r)) > KEPT_VALUES:
        ordered = np.sort(r)

        def decile(values: Values) -> NDArray[np.int64]:
            return np.minimum(DECILES - 1, DECILES * np.searchsorted(ordered, values, "left") // len(r))

        left = np.bincount(decile(r), minlength=DECILES)
        right = np.bincount(decile(w), minlength=DECILES)
    else:
        names, codes = np.unique(np.concatenate([r, w]), return_inverse=True)
        left, right = (np.bincount(side, minlength=len(names)) for side in np.split(codes, [len(r)]))
        unseen, singletons = int(right[left == 0].sum()), int((left == 1).sum())
        if numeric:  # its values, and those it never saw together
            right = np.append(right[left > 0], unseen)
            left = np.append(left[left > 0], 0)
        else:
            order = np.argsort(-(left + right), kind="stable")
            first, rest = order[:KEPT_CATEGORIES], order[KEPT_CATEGORIES:]
            left, right = np.append(left[first], left[rest].sum()), np.append(right[first], right[rest].sum())
    pooled = np.sort(np.concatenate([r, w]))
    gaps = np.searchsorted(np.sort(r), pooled, "right") / len(r) - np.searchsorted(np.sort(w), pooled, "right") / len(w)
    missing = len(reference) - len(r), len(window) - len(w)
    return [*left, missing[0]], [*right, missing[1]], float(np.abs(gaps).max()), unseen, singletons


def verdicts(features: list[tuple[Values, Values, bool]], floor: float = LEAST_FLOOR) -> Verdicts:
    """What is evaluated of one window's features: (reference, window, numeric) each."""
    binned = [bins(*feature) for feature in features]
    width = max(len(one[0]) for one in binned)

    def matrix(side: int) -> NDArray[np.int64]:
        return np.array([[*one[side], *[0] * (width - len(one[side]))] for one in binned])  # type: ignore[misc]

    numbers = np.array([[np.count_nonzero(~np.isnan(side)) for side in one[:2]] for one in features])
    ones = np.ones(len(features))
    return evaluate(
        Comparisons(
            reference=matrix(0),
            window=matrix(1),
            is_numeric=np.array([feature[2] for feature in features]),
            ks_distance=np.array([one[2] for one in binned]),
            reference_numbers=numbers[:, 0],
            window_numbers=numbers[:, 1],
            unseen=np.array([one[3] for one in binned]),
            singletons=np.array([one[4] for one in binned]),
            psi_floor=floor * ones,
            significance=0.05 * ones,
            minimum=ones.astype(np.int64),
            family=np.zeros(len(features), dtype=np.int64),
        )
    )


def normal(rng: np.random.Generator, n: int) -> Values:
    """As many textbooks have it."""
    return rng.normal(size=n)


def skewed(rng: np.random.Generator, n: int) -> Values:
    """Amounts: a long tail."""
    return rng.lognormal(0, 1.5, n)


def zero_inflated(rng: np.random.Generator, n: int) -> Values:
    """Baskets: most are empty, and a tenth of the values are missing."""
    values = np.where(rng.random(n) < 0.7, 0.0, rng.lognormal(3, 1, n))
    return np.where(rng.random(n) < 0.1, np.nan, values)


def rare_flag(rng: np.random.Generator, n: int) -> Values:
    """Errors: one in twenty."""
    return (rng.random(n) < 0.05).astype(float)


def counts(rng: np.random.Generator, n: int) -> Values:
    """Whole numbers with ties."""
    return rng.poisson(6.0, n).astype(float)


def few_categories(rng: np.random.Generator, n: int) -> Values:
    """Devices."""
    return rng.choice(5, n, p=[0.5, 0.3, 0.15, 0.04, 0.01]).astype(float)


def many_categories(rng: np.random.Generator, n: int) -> Values:
    """Products: a thousand, most of them rare, so that windows hold some the reference never saw."""
    shares = 1 / np.arange(1, 1001)
    return rng.choice(1000, n, p=shares / shares.sum()).astype(float)


NUMERIC: dict[str, Draw] = {
    "normal": normal,
    "skewed": skewed,
    "zero-inflated, a tenth missing": zero_inflated,
    "rare flag": rare_flag,
    "counts": counts,
}
CATEGORICAL: dict[str, Draw] = {"5 categories": few_categories, "1,000 categories": many_categories}


def still(draw: Draw, numeric: bool, reference: int, window: int) -> Callable[[np.random.Generator], Held]:
    """Both sides of one distribution."""

    def simulate(rng: np.random.Generator) -> Held:
        found = verdicts([(draw(rng, reference), draw(rng, window), numeric)])
        return {"false alarm": bool(found.is_drifted[0])}

    return simulate


def family(reference: int, window: int) -> Callable[[np.random.Generator], Held]:
    """Twenty features of every shape, none drifted: an alarm on any of them."""
    shapes = [*((draw, True) for draw in NUMERIC.values()), *((draw, False) for draw in CATEGORICAL.values())]

    def simulate(rng: np.random.Generator) -> Held:
        features = [
            (draw(rng, reference), draw(rng, window), numeric)
            for draw, numeric in (shapes[i % len(shapes)] for i in range(20))
        ]
        return {"false alarm": bool(verdicts(features).is_drifted.any())}

    return simulate


def moved(change: Callable[[Values, np.random.Generator], Values], draw: Draw, numeric: bool, window: int) -> (
    Callable[[np.random.Generator], Held]
):  # fmt: skip
    """The window changed, beside nine features that are not, with the floor that is declared by default."""

    def simulate(rng: np.random.Generator) -> Held:
        features = [(normal(rng, 1_500), normal(rng, window), True) for _ in range(9)]
        features.append((draw(rng, 1_500), change(draw(rng, window), rng), numeric))
        return {"power": bool(verdicts(features, 0.2).is_drifted[-1])}

    return simulate


FOUND = (0.95, 1.0)

CASES = (
    *(
        Case(
            "drift of one feature",
            f"{shape}, {reference:,} against {window:,}",
            still(draw, shape in NUMERIC, reference, window),
            {"false alarm": ANYTIME},
        )
        for shape, draw in (NUMERIC | CATEGORICAL).items()
        for window in SIZES
        for reference in (window, window * LARGER)
    ),
    Case("drift of any of 20 features", "mixed, 1,500 against 300", family(1_500, 300), {"false alarm": ANYTIME}),
    Case(
        "drift of one of 10 features, PSI floor 0.2",
        "normal, moved by a standard deviation, 300",
        moved(lambda values, _: values + 1, normal, True, 300),
        {"power": FOUND},
    ),
    Case(
        "drift of one of 10 features, PSI floor 0.2",
        "a fifth newly missing, 300",
        moved(lambda values, rng: np.where(rng.random(len(values)) < 0.2, np.nan, values), normal, True, 300),
        {"power": FOUND},
    ),
    Case(
        "drift of one of 10 features, PSI floor 0.2",
        "5 categories, a tenth of a new one, 300",
        moved(lambda values, rng: np.where(rng.random(len(values)) < 0.1, 9.0, values), few_categories, False, 300),
        {"power": FOUND},
    ),
)
