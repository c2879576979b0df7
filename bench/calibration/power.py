"""Planning: power as planned, at the sample size planned for 80 %."""

from __future__ import annotations

import numpy as np

from bench.calibration import Case, Held, rejects
from bench.calibration.experiments import normal
from pipelines.estimates.experiments import Moments, compare
from pipelines.estimates.power import Baseline, Variants, detectable, sample_size

WANTED = {"power": (0.78, 0.82)}


def means(rng: np.random.Generator) -> Held:
    """An effect of 0.4 on a mean of 10 with standard deviation 3."""
    variants = _planned(sample_size(Baseline(10, 9), 0.4))
    pair = Moments.of(normal(rng, variants.control)), Moments.of(normal(rng, variants.treatment) + 0.4)
    return {"power": rejects(compare(*pair).absolute)}


def uneven(rng: np.random.Generator) -> Held:
    """The same with four control units per treated one."""
    variants = _planned(sample_size(Baseline(10, 9), 0.4, allocation=0.25))
    pair = Moments.of(normal(rng, variants.control)), Moments.of(normal(rng, variants.treatment) + 0.4)
    return {"power": rejects(compare(*pair).absolute)}


def relative(rng: np.random.Generator) -> Held:
    """A relative lift of 15 % of a noisy mean, tested on the relative scale."""
    variants = _planned(sample_size(Baseline(10, 100), 0.15, relative=True))
    pair = Moments.of(rng.normal(10, 10, variants.control)), Moments.of(rng.normal(11.5, 10, variants.treatment))
    return {"power": rejects(compare(*pair).relative)}


def proportions(rng: np.random.Generator) -> Held:
    """From 5 % to 6.5 %, tested on the absolute scale."""
    variants = _planned(sample_size(Baseline.proportion(0.05), 0.015))
    counts = float(rng.binomial(variants.control, 0.05)), float(rng.binomial(variants.treatment, 0.065))
    pair = (Moments(n, x, x) for n, x in zip((variants.control, variants.treatment), counts, strict=True))
    return {"power": rejects(compare(*pair, "proportion").absolute)}


def least(rng: np.random.Generator) -> Held:
    """The least effect that 500 units per variant are said to find."""
    effect = detectable(Baseline(10, 9), Variants(500, 500)).absolute
    assert effect is not None
    return {"power": rejects(compare(Moments.of(normal(rng, 500)), Moments.of(normal(rng, 500) + effect)).absolute)}


def cuped(rng: np.random.Generator) -> Held:
    """Planned with a past that correlates 0.8 with the metric."""
    variants = _planned(sample_size(Baseline(0, 1).adjusted(0.8), 0.2))

    def variant(n: int, effect: float) -> Moments:
        past = rng.normal(size=n)
        return Moments.of(0.8 * past + 0.6 * rng.normal(size=n) + effect, pre=past)

    return {
        "power": rejects(compare(variant(variants.control, 0), variant(variants.treatment, 0.2), cuped=True).absolute)
    }


def _planned(variants: Variants | None) -> Variants:
    assert variants is not None
    return variants


CASES = (
    Case("mean, absolute", "normal, effect 0.13 σ", means, WANTED),
    Case("mean, absolute", "normal, four to one", uneven, WANTED),
    Case("mean, relative", "normal, lift 15 %", relative, WANTED, "Cautious: the lift's own distribution is skewed."),
    Case("proportion", "5 % to 6.5 %", proportions, WANTED),
    Case("MDE", "normal, 500 per variant", least, WANTED),
    Case("CUPED", "normal, correlation 0.8", cuped, WANTED),
)
