"""Experiments: two variants compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.calibration import ANYTIME, COVERAGE, REJECTION, Case, Held, covers, rejects
from pipelines.estimates.experiments import Metric, Moments, adjust, compare, sample_ratio
from pipelines.estimates.intervals import Array
from pipelines.estimates.quantiles import Tally, compare_quantiles

Draw = Callable[[np.random.Generator, int], Array]
LIFT = 0.1
"""The relative effect in the treatment variant where coverage is measured; A/A comparisons have none."""
COMPARED = {"coverage, absolute": COVERAGE, "coverage, relative": COVERAGE, "A/A rejection": REJECTION}


def normal(rng: np.random.Generator, n: int) -> Array:
    """Mean 10, standard deviation 3."""
    return rng.normal(10, 3, n)


def lognormal(rng: np.random.Generator, n: int) -> Array:
    """Mean e^0.5; skewness 6."""
    return rng.lognormal(0, 1, n)


def heavy(rng: np.random.Generator, n: int) -> Array:
    """Mean e^1.125; skewness 33."""
    return rng.lognormal(0, 1.5, n)


def zero_inflated(rng: np.random.Generator, n: int) -> Array:
    """Nine in ten are 0, the rest lognormal: revenue per user. Mean e^0.5 / 10."""
    return np.where(rng.random(n) < 0.1, rng.lognormal(0, 1, n), 0.0)


def means(draw: Draw, truth: float, control_n: int, treatment_n: int) -> Callable[[np.random.Generator], Held]:
    """Welch's comparison of means, the treatment's values scaled by the lift."""

    def simulate(rng: np.random.Generator) -> Held:
        control, treatment = Moments.of(draw(rng, control_n)), draw(rng, treatment_n)
        lifted = compare(control, Moments.of(treatment * (1 + LIFT)))
        return {
            "coverage, absolute": covers(lifted.absolute, truth * LIFT),
            "coverage, relative": covers(lifted.relative, LIFT),
            "A/A rejection": rejects(compare(control, Moments.of(treatment)).absolute),
        }

    return simulate


def proportions(share: float, n: int) -> Callable[[np.random.Generator], Held]:
    """Conversions, as sums alone."""

    def variant(rng: np.random.Generator, rate: float) -> Moments:
        successes = float(rng.binomial(n, rate))
        return Moments(n, successes, successes)

    def simulate(rng: np.random.Generator) -> Held:
        control = variant(rng, share)
        lifted = compare(control, variant(rng, share * (1 + LIFT)), "proportion")
        return {
            "coverage, absolute": covers(lifted.absolute, share * LIFT),
            "coverage, relative": covers(lifted.relative, LIFT),
            "A/A rejection": rejects(compare(control, variant(rng, share), "proportion").absolute),
        }

    return simulate


def ratios(n: int) -> Callable[[np.random.Generator], Held]:
    """Clicks per session: users differ in how many sessions they have and in how readily they click."""

    def variant(rng: np.random.Generator, lift: float) -> Moments:
        sessions = 1.0 + rng.geometric(0.3, n)
        return Moments.of(rng.poisson(rng.gamma(2, 0.1, n) * (1 + lift) * sessions).astype(float), sessions)

    def simulate(rng: np.random.Generator) -> Held:
        control = variant(rng, 0)
        lifted = compare(control, variant(rng, LIFT), "ratio")
        return {
            "coverage, absolute": covers(lifted.absolute, 0.2 * LIFT),
            "coverage, relative": covers(lifted.relative, LIFT),
            "A/A rejection": rejects(compare(control, variant(rng, 0), "ratio").absolute),
        }

    return simulate


def cuped(draw: Draw, truth: float, n: int) -> Callable[[np.random.Generator], Held]:
    """A past that explains most of the metric: half of each value is what the unit had before."""

    def variant(rng: np.random.Generator, lift: float) -> Moments:
        past = draw(rng, n)
        return Moments.of((past + draw(rng, n)) * (1 + lift) / 2, pre=past)

    def simulate(rng: np.random.Generator) -> Held:
        control = variant(rng, 0)
        lifted = compare(control, variant(rng, LIFT), cuped=True)
        return {
            "coverage, absolute": covers(lifted.absolute, truth * LIFT),
            "coverage, relative": covers(lifted.relative, LIFT),
            "A/A rejection": rejects(compare(control, variant(rng, 0), cuped=True).absolute),
        }

    return simulate


def explained(rng: np.random.Generator) -> Held:
    """A skewed past that leaves little to chance: the adjusted lift's error is a fifth of the plain one's."""

    def variant(lift: float) -> Moments:
        past = rng.lognormal(0, 0.7, 1000)
        return Moments.of((past + rng.normal(0, 0.2, 1000)) * (1 + lift), pre=past)

    control = variant(0)
    lifted = compare(control, variant(LIFT), cuped=True)
    return {
        "coverage, absolute": covers(lifted.absolute, np.exp(0.245) * LIFT),
        "coverage, relative": covers(lifted.relative, LIFT),
        "A/A rejection": rejects(compare(control, variant(0), cuped=True).absolute),
    }


def peeking(draw: Draw, daily: int, metric: Metric = "mean") -> Callable[[np.random.Generator], Held]:
    """An A/A experiment of 28 days, stopped on the first day with an interval that excludes 0."""
    days = 28

    def simulate(rng: np.random.Generator) -> Held:
        variants = draw(rng, 2 * days * daily).reshape(2, days, daily)
        sums = np.cumsum([variants.sum(axis=2), (variants**2).sum(axis=2)], axis=2)
        stopped = False
        for day in range(days):
            control, treatment = (Moments((day + 1) * daily, *sums[:, variant, day].tolist()) for variant in (0, 1))
            stopped |= covers(compare(control, treatment, metric, sequential=5000).absolute, 0) is False
        return {"false alarm": stopped}

    return simulate


def splits(n: int, weights: tuple[float, ...]) -> Callable[[np.random.Generator], Held]:
    """Units that fall on the variants as declared."""

    def simulate(rng: np.random.Generator) -> Held:
        counts = rng.multinomial(n, np.array(weights) / sum(weights))
        return {"false alarm": sample_ratio(counts.tolist(), weights).is_mismatch}

    return simulate


def mismatch(rng: np.random.Generator) -> Held:
    """Two per cent of the treatment's units lost: 49.5 % against 50.5 %."""
    counts = rng.multinomial(100_000, [0.495, 0.505])
    return {"power": sample_ratio(counts.tolist(), (1, 1)).is_mismatch}


def quantiles(draw: Draw, quantile: float, n: int, buckets: bool = False) -> Callable[[np.random.Generator], Held]:
    """A quantile of an A/A comparison; `buckets` rounds values to a histogram's, 1 % apart."""

    def tally(values: Array) -> Tally:
        if not buckets:
            return Tally.of(values)
        rounded, counts = np.unique(np.round(np.log(values) / np.log(1.02)), return_counts=True)
        return Tally(tuple((1.02**rounded).tolist()), tuple(counts.tolist()))

    def simulate(rng: np.random.Generator) -> Held:
        seed = int(rng.integers(2**32))
        found = compare_quantiles(tally(draw(rng, n)), tally(draw(rng, n)), quantile, seed=seed, resamples=1000)
        return {"coverage, absolute": covers(found.absolute, 0), "coverage, relative": covers(found.relative, 0)}

    return simulate


def several(rng: np.random.Generator) -> Held:
    """Five correlated metrics without an effect: Holm may raise any alarm in one family of twenty."""
    variants = rng.normal(size=(2, 200, 5)) + rng.normal(size=(2, 200, 1))
    pairs = [compare(Moments.of(variants[0, :, one]), Moments.of(variants[1, :, one])) for one in range(5)]
    adjusted = adjust([pair.absolute.p_value for pair in pairs], "holm")
    return {"false alarm": any(p is not None and p < 0.05 for p in adjusted)}


def discoveries(rng: np.random.Generator) -> Held:
    """Twenty metrics, five with an effect: of what Benjamini–Hochberg finds, one in twenty may be false.

    Whether one of the findings, drawn at random, is false holds with the false discovery rate as its chance.
    """
    effects = np.where(np.arange(20) < 5, 0.3, 0.0)
    variants = rng.normal(size=(2, 200, 20)) + np.array([[np.zeros(20)], [effects]])
    pairs = [compare(Moments.of(variants[0, :, one]), Moments.of(variants[1, :, one])) for one in range(20)]
    found = [one for one, p in enumerate(adjust([pair.absolute.p_value for pair in pairs], "bh")) if p and p < 0.05]
    return {"false discovery": bool(found) and int(rng.choice(found)) >= 5}


SKEWED = "Small and skewed: the t distribution is not that of the mean yet. Collect more, or compare a quantile."
CASES = (
    Case("Welch", "normal, 500 per variant", means(normal, 10, 500, 500), COMPARED),
    Case("Welch", "normal, 900 and 100", means(normal, 10, 900, 100), COMPARED),
    Case("Welch", "normal, 10 per variant", means(normal, 10, 10, 10), COMPARED),
    Case("Welch", "lognormal, 2,000 per variant", means(lognormal, np.exp(0.5), 2000, 2000), COMPARED),
    Case("Welch", "lognormal, 20 per variant", means(lognormal, np.exp(0.5), 20, 20), COMPARED, SKEWED),
    Case("Welch", "heavy lognormal, 200 per variant", means(heavy, np.exp(1.125), 200, 200), COMPARED, SKEWED),
    Case("Welch", "zero-inflated, 5,000 per variant", means(zero_inflated, np.exp(0.5) / 10, 5000, 5000), COMPARED),
    Case("Welch", "zero-inflated, 100 per variant", means(zero_inflated, np.exp(0.5) / 10, 100, 100), COMPARED, SKEWED),
    Case("proportions", "10 % of 2,000", proportions(0.1, 2000), COMPARED),
    Case("proportions", "50 % of 100", proportions(0.5, 100), COMPARED, "Counts are discrete: no level nearer 5 %."),
    Case("proportions", "1 % of 300", proportions(0.01, 300), COMPARED, "Three conversions per variant are too few."),
    Case("ratio, delta method", "clicks per session, 1,000 users", ratios(1000), COMPARED),
    Case("ratio, delta method", "clicks per session, 30 users", ratios(30), COMPARED, "Thirty users are few."),
    Case("CUPED", "normal, 500 per variant", cuped(normal, 10, 500), COMPARED),
    Case("CUPED", "lognormal, 2,000 per variant", cuped(lognormal, np.exp(0.5), 2000), COMPARED),
    Case("CUPED", "zero-inflated, 5,000 per variant", cuped(zero_inflated, np.exp(0.5) / 10, 5000), COMPARED),
    Case("CUPED", "a past that explains 96 %, 1,000 per variant", explained, COMPARED),
    Case("CUPED", "normal, 20 per variant", cuped(normal, 10, 20), COMPARED),
    Case("always valid", "normal, daily looks at 100 per variant", peeking(normal, 100), {"false alarm": ANYTIME}),
    Case(
        "always valid", "lognormal, daily looks at 100 per variant", peeking(lognormal, 100), {"false alarm": ANYTIME}
    ),
    Case(
        "always valid",
        "zero-inflated, daily looks at 500 per variant",
        peeking(zero_inflated, 500),
        {"false alarm": ANYTIME},
    ),
    Case("always valid", "normal, daily looks at 5 per variant", peeking(normal, 5), {"false alarm": ANYTIME}),
    Case("sample ratio", "1,000 units, even", splits(1000, (1, 1)), {"false alarm": (0, 0.002)}, runs=20_000),
    Case("sample ratio", "5,000 units, 90 to 10", splits(5000, (90, 10)), {"false alarm": (0, 0.002)}, runs=20_000),
    Case("sample ratio", "30 units, three variants", splits(30, (1, 1, 1)), {"false alarm": (0, 0.002)}, runs=20_000),
    Case("sample ratio", "100,000 units, 2 % lost in one variant", mismatch, {"power": (0.4, 1)}),
    Case(
        "quantiles, bootstrap",
        "median of lognormal, 500 per variant",
        quantiles(lognormal, 0.5, 500),
        {"coverage, absolute": COVERAGE, "coverage, relative": COVERAGE},
    ),
    Case(
        "quantiles, bootstrap",
        "p90 of lognormal, 1,000 per variant",
        quantiles(lognormal, 0.9, 1000),
        {"coverage, absolute": COVERAGE, "coverage, relative": COVERAGE},
    ),
    Case(
        "quantiles, bootstrap",
        "p90 of a lognormal's histogram, 1,000 per variant",
        quantiles(lognormal, 0.9, 1000, buckets=True),
        {"coverage, absolute": COVERAGE, "coverage, relative": COVERAGE},
        "Cautious: ends of the interval snap to buckets.",
    ),
    Case("Holm", "five correlated metrics, no effect", several, {"false alarm": ANYTIME}),
    Case("Benjamini–Hochberg", "twenty metrics, five with an effect", discoveries, {"false discovery": ANYTIME}),
)
