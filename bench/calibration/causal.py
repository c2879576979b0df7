"""Effects without randomisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from bench.calibration import COVERAGE, REJECTION, Case, Held, covers, rejects
from pipelines.estimates.causal.instruments import two_stage
from pipelines.estimates.causal.matching import Units, match
from pipelines.estimates.causal.panels import Panel, pre_trend, staggered, two_by_two, two_way
from pipelines.estimates.causal.series import interrupted
from pipelines.estimates.intervals import Array

Noise = Callable[[np.random.Generator, tuple[int, int]], Array]
PERIODS, START = 10, 6


def gaussian(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Shocks of a unit's period."""
    return rng.normal(size=shape)


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Shocks that are rarely large."""
    return rng.lognormal(0, 1, shape)


def table(rng: np.random.Generator, units: int, noise: Noise = gaussian) -> Array:
    """Units × periods: a level per unit, a trend all share, shocks of which 0.6 lasts into the next period."""
    shocks = noise(rng, (units, PERIODS))
    for period in range(1, PERIODS):
        shocks[:, period] += 0.6 * shocks[:, period - 1]
    return rng.normal(10, 3, (units, 1)) + np.linspace(0, 2, PERIODS) + shocks


def panel(outcomes: Array, starts: Mapping[int, int], seen: Array | None = None) -> Panel:
    """A panel of the rows seen, all by default."""
    units, periods = np.nonzero(np.ones(outcomes.shape) if seen is None else seen)
    return Panel(
        [str(one) for one in units],
        periods.tolist(),
        outcomes[units, periods].tolist(),
        {str(one): start for one, start in starts.items()},
    )


def difference(treated: int, untreated: int, noise: Noise = gaussian) -> Callable[[np.random.Generator], Held]:
    """An effect of 1, and the same units without it."""
    starts = dict.fromkeys(range(treated), START)

    def simulate(rng: np.random.Generator) -> Held:
        outcomes = table(rng, treated + untreated, noise)
        lifted = outcomes.copy()
        lifted[:treated, START:] += 1
        return {
            "coverage": covers(two_by_two(panel(lifted, starts)).effect, 1),
            "A/A rejection": rejects(two_by_two(panel(outcomes, starts)).effect),
        }

    return simulate


def regression(treated: int, untreated: int) -> Callable[[np.random.Generator], Held]:
    """No effect; a tenth of the rows is missing."""
    starts = dict.fromkeys(range(treated), START)

    def simulate(rng: np.random.Generator) -> Held:
        outcomes = table(rng, treated + untreated)
        return {"A/A rejection": rejects(two_way(panel(outcomes, starts, rng.random(outcomes.shape) < 0.9)))}

    return simulate


def adoption(cohort: int, never: int, noise: Noise = gaussian) -> Callable[[np.random.Generator], Held]:
    """Three cohorts with effects that grow by 0.3 a period, the earliest twice as fast."""
    starts = {one: 3 + 2 * (one // cohort) for one in range(3 * cohort)}

    def simulate(rng: np.random.Generator) -> Held:
        outcomes = table(rng, 3 * cohort + never, noise)
        grown = []
        for unit, start in starts.items():
            effect = 0.3 * (2 if start == 3 else 1) * np.arange(1, PERIODS - start + 1)
            outcomes[unit, start:] += effect
            grown.append(effect)
        found = staggered(panel(outcomes, starts))
        at_start = next(one.effect for one in found.lags if one.lag == 0)
        return {
            "coverage": covers(found.effect, float(np.concatenate(grown).mean())),
            "coverage, first period": covers(at_start, float(np.mean([effect[0] for effect in grown]))),
            "A/A rejection, pre-trend": found.pre_trend.is_rejected,
        }

    return simulate


def leads(treated: int, untreated: int) -> Callable[[np.random.Generator], Held]:
    """No trend of their own."""
    starts = dict.fromkeys(range(treated), 4)

    def simulate(rng: np.random.Generator) -> Held:
        return {"A/A rejection, pre-trend": pre_trend(panel(table(rng, treated + untreated), starts)).is_rejected}

    return simulate


def matching(by: Literal["covariates", "propensity"], neighbours: int) -> Callable[[np.random.Generator], Held]:
    """150 treated, 600 untreated; both covariates move the treatment and the outcome, one of them in a curve."""

    def simulate(rng: np.random.Generator) -> Held:
        def units(n: int, shift: float, effect: float) -> Units:
            size, age = rng.normal(shift, 1, n), rng.normal(shift / 2, 1, n)
            outcomes = 10 + 2 * size + age**2 / 2 + effect + rng.normal(0, 2, n)
            return Units(outcomes.tolist(), {"size": size.tolist(), "age": age.tolist()})

        found = match(units(150, 0.5, 1.0), units(600, 0.0, 0.0), by=by, neighbours=neighbours)
        return {"coverage": covers(found.effect, 1.0)}

    return simulate


def instrument(strength: float, n: int) -> Callable[[np.random.Generator], Held]:
    """An encouragement at random; taste moves treatment and outcome alike."""

    def simulate(rng: np.random.Generator) -> Held:
        taste, encouraged = rng.normal(size=n), rng.binomial(1, 0.5, n).astype(float)
        treatment = strength * encouraged + taste + rng.normal(size=n)
        outcome = 0.5 * treatment + 2 * taste + rng.normal(size=n) * (1 + encouraged)
        found = two_stage(outcome, treatment, [encouraged])
        return {"coverage": covers(found.effect, 0.5), "flagged weak": found.is_weak}

    return simulate


def release(
    n: int, lasting: float, echo: float = 0.0, errors: Literal["autoregressive", "newey-west"] = "autoregressive"
) -> Callable[[np.random.Generator], Held]:
    """A level that jumps by 2 in the middle; of each shock a part lasts, or echoes once in the next period."""

    def simulate(rng: np.random.Generator) -> Held:
        shocks = rng.normal(size=n + 50)
        shocks[1:] += echo * shocks[:-1]
        for period in range(1, shocks.size):
            shocks[period] += lasting * shocks[period - 1]
        time = np.arange(n)
        found = interrupted(10 + 0.05 * time + 2 * (time >= n // 2) + shocks[50:], n // 2, errors=errors)
        return {"coverage, level": covers(found.level, 2), "coverage, trend": covers(found.trend, 0)}

    return simulate


BOTH = {"coverage": COVERAGE, "A/A rejection": REJECTION}
ADOPTION = {"coverage": COVERAGE, "coverage, first period": COVERAGE, "A/A rejection, pre-trend": REJECTION}
SERIES = {"coverage, level": COVERAGE, "coverage, trend": COVERAGE}
CAUTIOUS = "Cautious: so few units leave few degrees of freedom."
SHORT = "The persistence of a shock cannot be estimated well from such a short series."
ECHO = "Shocks that echo once are not the autoregression assumed."
NARROW = "Newey–West errors are too small for series of this length; the default's are not."
EDGE = "Outside by less than one Monte-Carlo error: skewed shocks make the test a little cautious."
CURVED = "Four neighbours lie farther off, and the adjustment, being linear, leaves some of the curve."
FEW_TREATED = "CR1 errors are too small with few treated units, as its docstring says; the 2×2 holds."
MEANINGLESS = "A weak instrument's interval means nothing; that is what the flag is for."
LEADS = {"A/A rejection, pre-trend": REJECTION}
REJECTED, COVERED = {"A/A rejection": REJECTION}, {"coverage": COVERAGE}
NEWEY_WEST = "interrupted series, Newey–West"
CASES = (
    Case("2×2", "20 and 20 units", difference(20, 20), BOTH),
    Case("2×2", "4 and 4 units", difference(4, 4), BOTH, CAUTIOUS),
    Case("2×2", "5 and 50 units", difference(5, 50), BOTH),
    Case("2×2", "lognormal shocks, 40 and 40 units", difference(40, 40, skewed), BOTH),
    Case("2×2", "lognormal shocks, 5 and 50 units", difference(5, 50, skewed), BOTH),
    Case("two-way regression, CR1", "40 and 40 units, a tenth missing", regression(40, 40), REJECTED),
    Case("two-way regression, CR1", "5 and 50 units, a tenth missing", regression(5, 50), REJECTED, FEW_TREATED),
    Case("staggered", "three cohorts of 15, 15 never", adoption(15, 15), ADOPTION),
    Case("staggered", "three cohorts of 4, 6 never", adoption(4, 6), ADOPTION, CAUTIOUS),
    Case("staggered", "lognormal shocks, three cohorts of 25, 25 never", adoption(25, 25, skewed), ADOPTION, EDGE),
    Case("pre-trend", "20 and 20 units, three leads", leads(20, 20), LEADS),
    Case("pre-trend", "6 and 8 units, three leads", leads(6, 8), LEADS, CAUTIOUS),
    Case("matching on covariates", "one neighbour", matching("covariates", 1), COVERED),
    Case("matching on covariates", "four neighbours", matching("covariates", 4), COVERED, CURVED),
    Case("matching on the propensity", "one neighbour", matching("propensity", 1), COVERED),
    Case("2SLS", "strong instrument, 500 units", instrument(1.0, 500), COVERED | {"flagged weak": (0, 0.01)}),
    Case(
        "2SLS", "weak instrument, 500 units", instrument(0.05, 500), COVERED | {"flagged weak": (0.99, 1)}, MEANINGLESS
    ),
    Case("interrupted series", "200 periods, independent shocks", release(200, 0.0), SERIES),
    Case("interrupted series", "60 periods, independent shocks", release(60, 0.0), SERIES, SHORT),
    Case("interrupted series", "200 periods, half of a shock lasts", release(200, 0.5), SERIES),
    Case("interrupted series", "60 periods, half of a shock lasts", release(60, 0.5), SERIES, SHORT),
    Case("interrupted series", "24 periods, half of a shock lasts", release(24, 0.5), SERIES, SHORT),
    Case("interrupted series", "200 periods, half of a shock echoes once", release(200, 0.0, 0.5), SERIES, ECHO),
    Case(NEWEY_WEST, "200 periods, independent shocks", release(200, 0.0, errors="newey-west"), SERIES, NARROW),
    Case(NEWEY_WEST, "60 periods, half of a shock lasts", release(60, 0.5, errors="newey-west"), SERIES, NARROW),
)
