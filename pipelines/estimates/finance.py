"""The value of monthly cash flows: NPV, IRR, payback, scenarios, tornado and Monte Carlo.

Flows are dollars, one a month from month 0 on: money in is above zero, money out below. Rates are effective annual
rates, 0.1 for 10 %; a month's is (1 + rate)^(1/12) - 1 and month 0 is not discounted (Brealey, Myers & Allen,
*Principles of Corporate Finance*, chapters 2 and 5). What a project is, and which flows are known when, SQL decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy_financial as npf
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest

Floats = NDArray[np.float64]

MONTHS = 12
NEGLIGIBLE = 1e-9
"""Sums that are this small a part of the money moved are zero: cents do not add up exactly in doubles."""
CLOSE = 1e-4
"""Monthly discount factors nearer than this, relatively, are one root."""
LOWEST_RATE = -0.99
"""Internal rates are sought above this: a flow that ends below zero has another root near -100 % a year, which says
nothing but that a payment far off weighs more than all before it."""
DRAWS = 10_000


@dataclass(frozen=True)
class Valuation:
    """What flows are worth.

    `npv_usd` in dollars of month 0. `irr` is annual, null where `irr_count`, the number of rates at which NPV is
    zero, is not 1. Both paybacks are in months, null where they are never reached.
    """

    npv_usd: float
    irr: float | None
    irr_count: int
    payback_months: float | None
    discounted_payback_months: float | None


@dataclass(frozen=True)
class Drivers:
    """What moves a plan: factors on its effect, its volume and its costs, and the annual discount rate."""

    discount_rate: float
    uplift: float = 1.0
    volume: float = 1.0
    cost: float = 1.0


@dataclass(frozen=True)
class Category:
    """One category's flows by month: `actual` is final, `planned` may change.

    `low` and `high` are what the planned flows would be if its amounts were at their low and high ends; signed as
    flows are, so that a cost's `low` is the smaller outflow. A category that grows with the volume is volume driven;
    benefits always are.
    """

    is_benefit: bool
    is_volume_driven: bool
    actual: Floats
    planned: Floats
    low: Floats
    high: Floats

    @property
    def is_uncertain(self) -> bool:
        """Whether its range differs from the plan."""
        return not (np.array_equal(self.low, self.planned) and np.array_equal(self.high, self.planned))

    def factor(self, drivers: Drivers) -> float:
        """The factor on its planned flows."""
        if self.is_benefit:
            return drivers.uplift * drivers.volume
        return drivers.cost * (drivers.volume if self.is_volume_driven else 1.0)


@dataclass(frozen=True)
class Uncertain:
    """A driver nobody knows exactly: its ends in the tornado, and how its values are spread.

    `shape` is triangular (low, mode, high), uniform (low, high) or normal (mean, sd), with `parameters` in that
    order; None where it is not drawn.
    """

    driver: str
    low: float
    high: float
    shape: str | None = None
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar of a tornado: NPV with one input at either end, all else at base."""

    name: str
    low_npv_usd: float
    high_npv_usd: float
    low_input: float | None = None
    high_input: float | None = None


@dataclass(frozen=True)
class Chance:
    """The chance that NPV > 0 by Monte Carlo, with the 95 % Wilson interval of its Monte-Carlo error.

    The interval covers only the Monte Carlo error of `draws` draws, not the choice of distributions.
    """

    rate: float
    low: float
    high: float
    npv_p05_usd: float
    npv_median_usd: float
    npv_p95_usd: float
    draws: int


def monthly_rate(annual_rate: float) -> float:
    """The month's rate that compounds to the effective annual one."""
    return float((1.0 + annual_rate) ** (1.0 / MONTHS) - 1.0)


def npv(flows: ArrayLike, annual_rate: float) -> float:
    """Net present value in dollars of month 0, which is not discounted."""
    return float(npf.npv(monthly_rate(annual_rate), np.asarray(flows, dtype=float)))


def discounted(flows: ArrayLike, annual_rate: float) -> Floats:
    """Each month's flow in dollars of month 0."""
    values = np.asarray(flows, dtype=float)
    result: Floats = values * _factors(annual_rate, len(values))
    return result


def internal_rates(flows: ArrayLike) -> list[float]:
    """Every annual rate above `LOWEST_RATE` at which NPV is zero, ascending.

    NPV is a polynomial of the monthly discount factor x > 0. Its signs change once: there is one root (Descartes).
    They change more often: the roots are the companion matrix's, each kept only where NPV changes its sign or
    vanishes. numpy-financial's `irr` gives the one nearest zero and does not say that there are more.
    """
    values = np.trim_zeros(np.asarray(flows, dtype=float))
    changes = int(np.count_nonzero(np.diff(np.sign(values[values != 0.0]))))
    if changes == 0:
        return []

    def worth(x: float) -> float:
        """NPV at the factor x, scaled so that long horizons do not overflow."""
        return float(np.polyval(values[::-1], x) if x <= 1.0 else np.polyval(values, 1.0 / x))

    if changes == 1:
        low, high = 0.5, 2.0
        while np.sign(worth(low)) == np.sign(values[-1]):
            low /= 2.0
        while np.sign(worth(high)) == np.sign(values[0]):
            high *= 2.0
        roots = [float(brentq(worth, low, high, xtol=1e-15, rtol=1e-14))]
    else:
        roots = _crossings(values, worth)
    with np.errstate(over="ignore"):
        rates = np.power(np.array(roots), -float(MONTHS)) - 1.0
    return sorted(float(rate) for rate in rates if LOWEST_RATE < rate < np.inf)


def irr(flows: ArrayLike) -> float | None:
    """The annual internal rate of return; None where there is none, or several."""
    rates = internal_rates(flows)
    return rates[0] if len(rates) == 1 else None


def payback(flows: ArrayLike) -> float | None:
    """Months from month 0 until the money is back for good; None where it never is, 0 where it was never out.

    The last time the cumulated flow rises from below zero to zero or above counts: flows that turn negative again
    put it off. Within that month it is read off a straight line from the month before.
    """
    values = np.asarray(flows, dtype=float)
    total = np.cumsum(values)
    total[np.abs(total) <= NEGLIGIBLE * np.abs(values).sum()] = 0.0
    out = np.flatnonzero(total < 0.0)
    if len(out) == 0:
        return 0.0
    last = int(out[-1])
    if last == len(total) - 1:
        return None
    return last + float(-total[last] / (total[last + 1] - total[last]))


def value(flows: ArrayLike, annual_rate: float) -> Valuation:
    """All that is said of flows at one discount rate."""
    rates = internal_rates(flows)
    return Valuation(
        npv_usd=npv(flows, annual_rate),
        irr=rates[0] if len(rates) == 1 else None,
        irr_count=len(rates),
        payback_months=payback(flows),
        discounted_payback_months=payback(discounted(flows, annual_rate)),
    )


def flows_under(plan: Mapping[str, Category], drivers: Drivers) -> Floats:
    """The actual flows plus the planned flows under `drivers`."""
    total: Floats = np.sum([part.actual + part.planned * part.factor(drivers) for part in plan.values()], axis=0)
    return total


def valued_under(plan: Mapping[str, Category], drivers: Drivers) -> Valuation:
    """What the plan is worth under `drivers`, computed from its flows again."""
    return value(flows_under(plan, drivers), drivers.discount_rate)


def tornado(plan: Mapping[str, Category], base: Drivers, inputs: Sequence[Uncertain]) -> list[Bar]:
    """A bar for each input, and for each category with a range in the plan, the widest first.

    One input is varied at a time and everything is recomputed. Category bars are named `category:cloud`.
    """
    bars = [
        Bar(
            one.driver,
            _npv_under(plan, replace(base, **{one.driver: one.low})),
            _npv_under(plan, replace(base, **{one.driver: one.high})),
            one.low,
            one.high,
        )
        for one in inputs
    ]
    for name, part in plan.items():
        if part.is_uncertain:
            low, high = ({**plan, name: replace(part, planned=end)} for end in (part.low, part.high))
            bars.append(Bar(f"category:{name}", _npv_under(low, base), _npv_under(high, base)))
    return sorted(bars, key=lambda bar: (-abs(bar.high_npv_usd - bar.low_npv_usd), bar.name))


def chance(
    plan: Mapping[str, Category], base: Drivers, inputs: Sequence[Uncertain], seed: str, draws: int = DRAWS
) -> Chance | None:
    """The chance that NPV > 0; None where nothing is uncertain.

    Drivers are drawn from their shapes, independently. A category with a range in the plan is drawn once for all its
    months (a plan that is too low in one month is too low in the next): triangular from its low through its planned
    to its high flows. `seed` is any text; each input has a generator of its own: one more does not shift them.
    """
    drawn = [one for one in inputs if one.shape is not None]
    uncertain = sorted(name for name, part in plan.items() if part.is_uncertain)
    if not drawn and not uncertain:
        return None
    values = {one.driver: _draw(one, _generator(seed, one.driver), draws) for one in drawn}
    uplift, volume, cost = (values.get(name, getattr(base, name)) for name in ("uplift", "volume", "cost"))
    # A bell curve may draw -100 % and less, at which nothing can be discounted.
    rates = np.maximum(values.get("discount_rate", np.array([base.discount_rate])), NEGLIGIBLE - 1.0)
    months = len(next(iter(plan.values())).planned)
    factors = _factors(rates, months)
    worth = np.zeros(draws)
    for name, part in plan.items():
        by_volume = volume if part.is_benefit or part.is_volume_driven else 1.0
        factor = by_volume * (uplift if part.is_benefit else cost)
        planned = factors @ part.planned
        if name in uncertain:
            position = _generator(seed, f"category:{name}").triangular(-1.0, 0.0, 1.0, draws)
            planned = (
                planned
                + np.maximum(position, 0.0) * (factors @ (part.high - part.planned))
                + np.maximum(-position, 0.0) * (factors @ (part.low - part.planned))
            )
        worth = worth + factors @ part.actual + planned * factor
    won = int(np.count_nonzero(worth > 0.0))
    interval = binomtest(won, draws).proportion_ci(method="wilson")
    p05, median, p95 = (float(q) for q in np.quantile(worth, (0.05, 0.5, 0.95)))
    return Chance(won / draws, float(interval.low), float(interval.high), p05, median, p95, draws)


def _npv_under(plan: Mapping[str, Category], drivers: Drivers) -> float:
    return npv(flows_under(plan, drivers), drivers.discount_rate)


def _factors(annual_rate: float | Floats, months: int) -> Floats:
    """Dollars of month 0 for a dollar of each month: shape (months,), or (rates, months)."""
    base = 1.0 + np.asarray(annual_rate, dtype=float)
    factors: Floats = base[..., np.newaxis] ** (-np.arange(months) / MONTHS)
    return factors


def _crossings(values: Floats, worth: Callable[[float], float]) -> list[float]:
    found: list[float] = []
    candidates = np.roots(values[::-1])
    near_real = candidates[(candidates.real > 0) & (np.abs(candidates.imag) <= CLOSE * np.abs(candidates))].real
    for x in np.sort(near_real):
        if found and x - found[-1] <= 2 * CLOSE * x:
            continue
        low, high = x * (1.0 - CLOSE), x * (1.0 + CLOSE)
        powers = np.abs(values) * np.power(min(x, 1.0 / x), np.arange(len(values))[:: 1 if x <= 1.0 else -1])
        if np.sign(worth(low)) != np.sign(worth(high)):
            found.append(float(brentq(worth, low, high, xtol=1e-15, rtol=1e-14)))
        elif abs(worth(x)) <= NEGLIGIBLE * powers.sum():
            found.append(float(x))
    return found


def _generator(seed: str, name: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def _draw(one: Uncertain, rng: np.random.Generator, draws: int) -> Floats:
    shapes: dict[str | None, Callable[..., Floats]] = {
        "triangular": rng.triangular,
        "uniform": rng.uniform,
        "normal": rng.normal,
    }
    if one.shape not in shapes:
        raise ValueError(f"{one.driver} has the shape {one.shape!r}; expected one of {', '.join(map(str, shapes))}")
    return shapes[one.shape](*one.parameters, size=draws)
