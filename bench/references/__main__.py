"""Compute each quantity by us and by a reference on seeded data; exit 1 where they differ and no reason is given."""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import causalinference
import linearmodels
import numpy as np
import pandas as pd
import pyfixest
import tea_tasting
from differences import ATTgt
from evidently.legacy.calculations import stattests as evidently
from evidently.legacy.core import ColumnType
from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest
from gbstats.models import statistics as gb
from gbstats.utils import check_srm
from nannyml.drift.univariate import methods as nannyml
from nannyml.performance_estimation.confidence_based import CBPE
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint

from pipelines.estimates.accuracy import calibrated_bins
from pipelines.estimates.causal.instruments import two_stage
from pipelines.estimates.causal.matching import Units, match
from pipelines.estimates.causal.panels import Panel, staggered, two_way
from pipelines.estimates.drift import chi_square_p_value, jensen_shannon_distance, ks_p_value, psi
from pipelines.estimates.experiments import Comparison, Moments, adjust, compare, sample_ratio
from pipelines.estimates.intervals import Array, Estimate, wilson
from pipelines.estimates.power import Baseline, Variants, power, sample_size

PAGE = Path(__file__).parents[2] / "docs" / "statistics" / "references.md"
SETS, CLOSE = 20, 1e-6
HEAD = f"""# Beside the field's libraries

Written by `make references`; every figure was measured by it: the largest relative difference between our number and
the library's over {SETS} seeded data sets, an interval's end measured in widths of the interval. Up to {CLOSE:g} they
are the same number; where they differ, the last column says why. Distances that SQL works out (Kolmogorov–Smirnov,
Wasserstein) are held against SciPy, which the libraries of drift call as well, in the project's tests.
"""


@dataclass(frozen=True)
class Pair:
    """One quantity by us and by a reference on one data set.

    `reason` says why they may differ; `scale` is what a difference is measured in, their number by default.
    """

    quantity: str
    library: str
    ours: float | None
    theirs: float
    reason: str = ""
    scale: float | None = None

    @property
    def difference(self) -> float:
        """Relative to theirs, or to the scale given."""
        assert self.ours is not None, self.quantity
        return abs(self.ours - self.theirs) / (self.scale or abs(self.theirs))


def parts(what: str, library: str, ours: Estimate, theirs: tuple[float, ...], reason: str = "") -> Iterator[Pair]:
    """An estimate's value, interval and p-value beside theirs."""
    mine = (ours.value, ours.ci_low, ours.ci_high, ours.p_value)
    for name, one, other in zip(("value", "interval", "interval", "p-value"), mine, theirs, strict=True):
        # An interval's end may lie next to 0, where any difference is a large share of it.
        scale = theirs[2] - theirs[1] if name == "interval" else None
        yield Pair(f"{what}: {name}", library, one, other, "" if name == "value" else reason, scale)


def experiments(rng: np.random.Generator) -> Iterator[Pair]:
    """Two variants with a past and sessions, by GrowthBook's gbstats and by tea-tasting."""
    n = (400, 300)
    past = [rng.lognormal(0, 1, one) for one in n]
    spent = [rng.lognormal(0, 1, one) * (1 + 0.1 * variant) + past[variant] for variant, one in enumerate(n)]
    sessions = [1.0 + rng.poisson(3, one) for one in n]
    bought = [(rng.random(one) < 0.2 + 0.05 * variant).astype(float) for variant, one in enumerate(n)]
    variants = [Moments.of(x, d=d, pre=pre) for x, d, pre in zip(spent, sessions, past, strict=True)]
    shares = [Moments.of(x) for x in bought]
    kinds = {
        "mean": ([gb.SampleMeanStatistic(m.n, m.sum_x, m.sum_xx) for m in variants], compare(*variants)),
        "proportion": (
            [gb.ProportionStatistic(m.n, m.sum_x) for m in shares],
            compare(*shares, "proportion"),
        ),
        "ratio": (
            [
                gb.RatioStatistic(
                    m.n, _sums(m.n, m.sum_x, m.sum_xx), _sums(m.n, m.sum_d, m.sum_dd), m_d_sum_of_products=m.sum_xd
                )
                for m in variants
            ],
            compare(*variants, "ratio"),
        ),
        "CUPED": (
            [
                gb.RegressionAdjustedStatistic(
                    m.n,
                    _sums(m.n, m.sum_x, m.sum_xx),
                    _sums(m.n, m.sum_pre, m.sum_pre_pre),
                    m.sum_x_pre,
                    theta=0,
                )
                for m in variants
            ],
            compare(*variants, cuped=True),
        ),
    }
    older = "on purpose: gbstats 0.8.0 scales the control's whole adjusted variance by (m_T/m_C)², we only that of x"
    for kind, (theirs, ours) in kinds.items():
        for scale in ("absolute", "relative"):
            found = TwoSidedTTest(*theirs, FrequentistConfig(difference_type=scale)).compute_result()
            reason = older if (kind, scale) == ("CUPED", "relative") else ""
            numbers = (found.expected, *found.ci, found.p_value)
            yield from parts(f"{kind}, {scale} lift", "gbstats", getattr(ours, scale), numbers, reason)
    for scale in ("absolute", "relative"):
        config = SequentialConfig(difference_type=scale, sequential_tuning_parameter=5000)
        found = SequentialTwoSidedTTest(*kinds["mean"][0], config).compute_result()
        ours = getattr(compare(*variants, sequential=5000), scale)
        yield from parts(f"always valid, {scale} lift", "gbstats", ours, (found.expected, *found.ci, found.p_value))
    yield from _sample_ratios(rng)
    yield from _tea_tasting(spent, past, sessions, {kind: ours for kind, (_, ours) in kinds.items()})


def _sample_ratios(rng: np.random.Generator) -> Iterator[Pair]:
    counts = rng.multinomial(1000, [0.5, 0.3, 0.2]).tolist()
    yield Pair(
        "sample ratio: p-value", "gbstats", sample_ratio(counts, [5, 3, 2]).p_value, check_srm(counts, [5, 3, 2])
    )
    dropped = "on purpose: gbstats 0.8.0 counts variants of weight 0 among the degrees of freedom"
    yield Pair(
        "sample ratio with a variant of weight 0: p-value",
        "gbstats",
        sample_ratio([*counts, 0], [5, 3, 2, 0]).p_value,
        check_srm([*counts, 0], [5, 3, 2, 0]),
        dropped,
    )


def _sums(n: int, total: float | None, squares: float | None) -> gb.SampleMeanStatistic:
    assert total is not None and squares is not None
    return gb.SampleMeanStatistic(n, total, squares)


def _tea_tasting(
    spent: list[Array], past: list[Array], sessions: list[Array], ours: dict[str, Comparison]
) -> Iterator[Pair]:
    rows = pd.DataFrame(
        {
            "variant": np.repeat([0, 1], [one.size for one in spent]),
            "spent": np.concatenate(spent),
            "past": np.concatenate(past),
            "sessions": np.concatenate(sessions),
        }
    )
    found = tea_tasting.Experiment(
        {
            "mean": tea_tasting.Mean("spent"),
            "CUPED": tea_tasting.Mean("spent", covariate="past"),
            "ratio": tea_tasting.RatioOfMeans("spent", "sessions"),
        }
    ).analyze(rows)
    log = "on purpose: tea-tasting makes the relative interval on the log scale, we on the plain one as GrowthBook does"
    base = "on purpose: tea-tasting divides by the adjusted control mean, we by the unadjusted one as GrowthBook does"
    for name in ("mean", "CUPED", "ratio"):
        one, mine = found[name], ours[name]
        absolute = (one.effect_size, one.effect_size_ci_lower, one.effect_size_ci_upper, one.pvalue)
        yield from parts(f"{name}, absolute lift", "tea-tasting", mine.absolute, absolute)
        relative = f"{name}, relative lift"
        value = base if name == "CUPED" else ""
        yield Pair(f"{relative}: value", "tea-tasting", mine.relative.value, one.rel_effect_size, value)
        ends = (one.rel_effect_size_ci_lower, one.rel_effect_size_ci_upper)
        for end, theirs in zip((mine.relative.ci_low, mine.relative.ci_high), ends, strict=True):
            yield Pair(f"{relative}: interval", "tea-tasting", end, theirs, log, ends[1] - ends[0])


def resampled(rng: np.random.Generator) -> Iterator[Pair]:
    """The relative CUPED lift's error, ours and gbstats', beside a plain bootstrap's: a past that explains 96 %."""
    n, pairs = 1000, []
    for _ in range(2):
        past = rng.lognormal(0, 0.7, n)
        pairs.append((past + 0.2 * rng.normal(size=n), past))
    ours = compare(*(Moments.of(x, pre=pre) for x, pre in pairs), cuped=True).relative.standard_error
    drawn = []
    for _ in range(1000):
        picks = [rng.integers(0, n, n) for _ in pairs]
        variants = [Moments.of(x[pick], pre=pre[pick]) for (x, pre), pick in zip(pairs, picks, strict=True)]
        drawn.append(compare(*variants, cuped=True).relative.value)
    reason = (
        "m_T/m_C carries the chance in the unadjusted lift: right on average (calibration.md), noisy in one data set"
    )
    yield Pair("CUPED, relative lift: standard error", "plain bootstrap", ours, float(np.std(drawn)), reason)
    theirs = [
        gb.RegressionAdjustedStatistic(
            m.n, _sums(m.n, m.sum_x, m.sum_xx), _sums(m.n, m.sum_pre, m.sum_pre_pre), m.sum_x_pre, theta=0
        )
        for m in (Moments.of(x, pre=pre) for x, pre in pairs)
    ]
    found = TwoSidedTTest(*theirs, FrequentistConfig(difference_type="relative")).compute_result()
    yield Pair(
        "gbstats 0.8.0's CUPED, relative lift: standard error",
        "plain bootstrap",
        found.uplift.stddev,
        float(np.std(drawn)),
        "the same cause, with less weight: on these data it is the nearer of the two",
    )


def basics(rng: np.random.Generator) -> Iterator[Pair]:
    """Welch, Wilson, Holm, Benjamini–Hochberg and power, by SciPy and statsmodels."""
    control, treatment = rng.lognormal(0, 1, 40), rng.lognormal(0.3, 1.3, 25)
    welch = stats.ttest_ind(treatment, control, equal_var=False)
    ours = compare(Moments.of(control), Moments.of(treatment)).absolute
    numbers = (treatment.mean() - control.mean(), *welch.confidence_interval(), welch.pvalue)
    yield from parts("mean, absolute lift", "scipy", ours, numbers)
    n = int(rng.integers(5, 500))
    successes = int(rng.integers(1, n))
    for mine, theirs in zip(
        (wilson(successes, n).ci_low, wilson(successes, n).ci_high),
        proportion_confint(successes, n, 0.05, "wilson"),
        strict=True,
    ):
        yield Pair("rate: Wilson's interval", "statsmodels", mine, theirs)
    p_values = rng.beta(0.3, 2, 12).tolist()
    for method, name in (("holm", "holm"), ("bh", "fdr_bh")):
        for mine, theirs in zip(adjust(p_values, method), multipletests(p_values, method=name)[1], strict=True):
            yield Pair(f"adjusted p-value, {name}", "statsmodels", mine, theirs)
    effect, variants = rng.uniform(0.1, 0.4), Variants(int(rng.integers(100, 900)), int(rng.integers(100, 900)))
    theirs = NormalIndPower().power(effect, variants.control, 0.05, variants.treatment / variants.control)
    yield Pair("power", "statsmodels", power(Baseline(5, 1), effect, variants), theirs)
    units = sample_size(Baseline(5, 1), effect)
    assert units is not None
    needed = float(np.ceil(NormalIndPower().solve_power(effect, None, 0.05, 0.8)))
    yield Pair("units per variant", "statsmodels", units.control, needed)


def panels(rng: np.random.Generator) -> Iterator[Pair]:
    """Two-way regression by pyfixest, group-time effects by differences."""
    units, periods = 60, 10
    table = rng.normal(10, 3, (units, 1)) + np.linspace(0, 2, periods) + rng.normal(size=(units, periods)).cumsum(1) / 2
    cohort = np.repeat([4.0, 6.0, 8.0, np.nan], 15)
    rows = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "period": np.tile(np.arange(periods), units),
            "y": table.ravel(),
            "cohort": np.repeat(cohort, periods),
        }
    )
    some = rows[(rows.cohort.isna() | (rows.cohort == 4)) & (rng.random(len(rows)) < 0.9)].copy()
    some["treated"] = ((some.cohort == 4) & (some.period >= 4)).astype(int)
    fitted = pyfixest.feols("y ~ treated | unit + period", some, vcov={"CRV1": "unit"}).tidy().iloc[0]
    numbers = (fitted["Estimate"], fitted["2.5%"], fitted["97.5%"], fitted["Pr(>|t|)"])
    starts = {str(one): int(start) for one, start in enumerate(cohort) if start == start}
    one_more = "on purpose: they count all period effects as coefficients, we all but the first"
    yield from parts("two-way regression, CR1", "pyfixest", two_way(_panel(some, starts)), numbers, one_more)
    ours = staggered(_panel(rows, starts))
    theirs = ATTgt(rows.set_index(["unit", "period"]), cohort_column="cohort", base_period="universal")
    cells = theirs.fit("y", control_group="not_yet_treated", progress_bar=False).to_pandas()
    cells.columns = ["att", "error", *range(cells.shape[1] - 2)]
    small = "on purpose: they divide a cohort's variance by n, we by n − 1, which holds for small cohorts"
    for cell in ours.group_times:
        found = cells.loc[(cell.start,)].xs(cell.period, level="time").iloc[0]
        yield Pair("group-time effect: value", "differences", cell.effect.value, found["att"])
        yield Pair(
            "group-time effect: standard error", "differences", cell.effect.standard_error, found["error"], small
        )
    overall = theirs.aggregate("simple").iloc[0].tolist()
    given = "on purpose: as above, and they add the error of cohort sizes, which we take as given"
    yield Pair("mean over treated: value", "differences", ours.effect.value, overall[0])
    yield Pair("mean over treated: standard error", "differences", ours.effect.standard_error, overall[1], given)
    events = theirs.aggregate("event")
    for lag in ours.lags:
        yield Pair("by lag: value", "differences", lag.effect.value, events.loc[lag.lag].iloc[0])


def _panel(rows: pd.DataFrame, starts: dict[str, int]) -> Panel:
    return Panel(rows.unit.astype(str).tolist(), rows.period.tolist(), rows.y.tolist(), starts)


def instruments(rng: np.random.Generator) -> Iterator[Pair]:
    """Two-stage least squares by linearmodels."""
    n = 400
    taste, age, z = rng.normal(size=n), rng.normal(size=n), rng.normal(size=(n, 2))
    d = z @ [0.6, 0.3] + taste + 0.3 * age + rng.normal(size=n)
    y = 1.5 * d + 2 * taste + age + rng.normal(size=n) * (1 + z[:, 0] ** 2)
    groups = np.repeat(np.arange(40), 10)
    exogenous = np.column_stack([np.ones(n), age])
    for name, ours, options in (
        ("robust", two_stage(y, d, list(z.T), covariates=[age]), {"cov_type": "robust", "debiased": True}),
        (
            "clustered",
            two_stage(y, d, list(z.T), covariates=[age], clusters=groups.tolist()),
            {"cov_type": "clustered", "clusters": groups, "debiased": True},
        ),
    ):
        fitted = linearmodels.IV2SLS(y, exogenous, d, z).fit(**options)
        yield Pair(f"2SLS: {name}, value", "linearmodels", ours.effect.value, fitted.params["endog"])
        yield Pair(
            f"2SLS: {name}, standard error", "linearmodels", ours.effect.standard_error, fitted.std_errors["endog"]
        )
        # With robust errors it gives Wald's chi-square, which is F times the number of instruments.
        f = float(fitted.first_stage.diagnostics["f.stat"].iloc[0]) / z.shape[1]
        yield Pair(f"2SLS: {name}, first-stage F", "linearmodels", ours.first_stage_f, f)


def matching(rng: np.random.Generator) -> Iterator[Pair]:
    """Nearest neighbours by causalinference."""
    treated, untreated = rng.normal(0.5, 1, (100, 2)), rng.normal(0, 1, (400, 2))
    outcomes = [rng.normal(size=100) + treated.sum(axis=1) + 1, rng.normal(size=400) + untreated.sum(axis=1)]
    ours = match(*(_units(y, x) for y, x in zip(outcomes, (treated, untreated), strict=True)))
    model = causalinference.CausalModel(
        np.concatenate(outcomes), np.repeat([1, 0], [100, 400]), np.concatenate([treated, untreated])
    )
    model.est_via_matching(matches=1, bias_adj=True)
    theirs = model.estimates["matching"]
    wide = "on purpose: they take the spread of the pairs' differences for a unit's own (their source: conservative)"
    pair = ours.effect.value, ours.effect.standard_error
    yield Pair("matching, one neighbour: value", "causalinference", pair[0], theirs["att"])
    yield Pair("matching, one neighbour: standard error", "causalinference", pair[1], theirs["att_se"], wide)


def _units(outcomes: Array, covariates: Array) -> Units:
    return Units(outcomes.tolist(), {"first": covariates[:, 0].tolist(), "second": covariates[:, 1].tolist()})


def drift(rng: np.random.Generator) -> Iterator[Pair]:
    """Distances and tests of a window against a reference, by Evidently and NannyML."""
    names = np.array(list("abcde"))
    sides = [
        rng.choice(names, size, p=shares)
        for size, shares in ((1500, (0.4, 0.25, 0.2, 0.1, 0.05)), (700, (0.35, 0.25, 0.2, 0.12, 0.08)))
    ]
    counts = [np.array([[(side == name).sum() for name in names]]) for side in sides]
    reference, window = (pd.Series(side) for side in sides)

    def theirs(test: evidently.StatTest, one: pd.Series, other: pd.Series, kind: ColumnType) -> float:
        return float(test(one, other, kind, 0.1).drift_score)

    kind = ColumnType.Categorical
    half = "on purpose: we add half a value to every bin, they put 0.0001 for a share of 0 only"
    yield Pair(
        "categories: PSI", "evidently", psi(*counts)[0], theirs(evidently.psi_stat_test, reference, window, kind), half
    )
    distance = float(jensen_shannon_distance(*counts)[0])
    nats = theirs(evidently.jensenshannon_stat_test, reference, window, kind)
    yield Pair("categories: Jensen–Shannon, theirs in bits", "evidently", distance, nats / np.sqrt(np.log(2)))
    found = _nannyml(nannyml.CategoricalJensenShannonDistance, reference, window)
    yield Pair("categories: Jensen–Shannon", "nannyml", distance, found)
    p_value = float(chi_square_p_value(*counts)[0])
    table = nannyml.Chi2Statistic(**_UNUSED)
    table._fit(reference)
    table._calculate(window)
    yield Pair("categories: χ², p-value", "nannyml", p_value, table._p_value)
    known = "on purpose: they take the reference's shares as known, we as counted too; theirs fires on undrifted data"
    tested = theirs(evidently.chi_stat_test, reference, window, kind)
    yield Pair("categories: χ², p-value, difference of the two", "evidently", p_value, tested, known, 1.0)

    kind = ColumnType.Numerical
    reference, window = pd.Series(rng.normal(size=1500)), pd.Series(rng.normal(0.2, 1.1, size=700))
    deciles = _deciles(reference, window)
    bins = "on purpose: theirs are of equal width over both sides together, ours are the reference's deciles"
    ours = psi(*deciles)[0]
    yield Pair("numbers: PSI", "evidently", ours, theirs(evidently.psi_stat_test, reference, window, kind), bins)
    far = pd.concat([window, pd.Series([1e6])], ignore_index=True)
    yield Pair(
        "numbers, one of them 1e6: PSI",
        "evidently",
        psi(*_deciles(reference, far))[0],
        theirs(evidently.psi_stat_test, reference, far, kind),
        "on purpose: one far value puts all others into one of their bins, and no drift is seen",
    )
    found = _nannyml(nannyml.ContinuousJensenShannonDistance, reference, window)
    distance = float(jensen_shannon_distance(*deciles)[0])
    width = "on purpose: theirs are of equal width over the reference (Doane), ours its deciles"
    yield Pair("numbers: Jensen–Shannon", "nannyml", distance, found, width)
    asymptotic = "on purpose: the asymptotic law, which is known for a million values as well; theirs is exact here"
    largest = stats.ks_2samp(reference, window).statistic
    ours = float(ks_p_value(np.array([largest]), np.array([1500]), np.array([700]))[0])
    tested = theirs(evidently.ks_stat_test, reference, window, kind)
    yield Pair(
        "numbers: Kolmogorov–Smirnov, p-value, difference of the two", "evidently", ours, tested, asymptotic, 1.0
    )


_UNUSED = {"chunker": None, "threshold": nannyml.Threshold, "computation_params": {}}
"""What NannyML's methods ask for to raise alarms, which are not compared."""


def _nannyml(method: type, reference: pd.Series, window: pd.Series) -> float:
    one = method(**_UNUSED)
    one._fit(reference)
    return float(one._calculate(window))


def _deciles(reference: pd.Series, window: pd.Series) -> list[Array]:
    """How many values of each lie in the reference's deciles, as a row."""
    edges = np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf")
    return [np.bincount(np.searchsorted(edges, side), minlength=10)[None] for side in (reference, window)]


def without_labels(rng: np.random.Generator) -> Iterator[Pair]:
    """Accuracy estimated from scores alone (CBPE), by NannyML."""

    def scored(size: int) -> pd.DataFrame:
        score = np.round(rng.beta(1, 3, size), 6)
        happened = (rng.random(size) < score**1.5).astype(int)  # too sure of itself: calibration has work to do
        return pd.DataFrame({"score": score, "said": (score >= 0.4).astype(int), "happened": happened})

    history, week = scored(20_000), scored(5_000)
    measures = ["accuracy", "precision", "recall", "f1"]
    with_theirs = CBPE(
        metrics=measures,
        y_pred_proba="score",
        y_pred="said",
        y_true="happened",
        problem_type="classification_binary",
        chunk_size=5_000,
    )
    found = with_theirs.fit(history).estimate(week).filter(period="analysis").to_df()
    # Hundredths, as the warehouse bins a score; its finer bins next to 0 and 1 are one bin each here.
    bins, of_week = (np.clip(np.floor(side.score * 100 + 1e-9), 1, 98).astype(int) for side in (history, week))
    table = history.groupby(bins).happened.agg(["sum", "size"])
    places, chances = calibrated_bins(table.index, table["sum"], table["size"])
    chance = np.interp(of_week, places, chances)
    tp, fp = (chance * week.said).sum(), ((1 - chance) * week.said).sum()
    fn, tn = (chance * (1 - week.said)).sum(), ((1 - chance) * (1 - week.said)).sum()
    ours = {
        "accuracy": (tp + tn) / len(week),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
    }
    coarse = "on purpose: we calibrate a histogram of the score, which SQL reduces; they every single score"
    for measure in measures:
        theirs = float(found[measure, "value"].iloc[0])
        yield Pair(f"without labels: {measure}", "nannyml", float(ours[measure]), theirs, coarse)


def main() -> int:
    """Compute, print, and write the page."""
    warnings.filterwarnings("ignore")
    families = (basics, experiments, resampled, panels, instruments, matching, drift, without_labels)
    rows = []
    for number, family in enumerate(families):
        pairs = [pair for one in range(SETS) for pair in family(np.random.default_rng([number, one]))]
        for key in dict.fromkeys((pair.quantity, pair.library) for pair in pairs):
            rows.append(_row([pair for pair in pairs if (pair.quantity, pair.library) == key]))
            print(rows[-1], flush=True)
    names = (
        "scipy",
        "statsmodels",
        "gbstats",
        "tea-tasting",
        "pyfixest",
        "differences",
        "linearmodels",
        "causalinference",
        "evidently",
        "nannyml",
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    table = "\n".join(("| quantity | library | largest difference | |", "| --- | --- | --- | --- |", *rows))
    PAGE.write_text(f"{HEAD}\nVersions: {versions}.\n\n{table}\n")
    return 1 if any("**" in row for row in rows) else 0


def _row(pairs: Iterable[Pair]) -> str:
    some = list(pairs)
    largest = max(pair.difference for pair in some)
    verdict = "same" if largest <= CLOSE else next((pair.reason for pair in some if pair.reason), "**differs**")
    shown = f"{largest:.1e}" if largest <= CLOSE else f"{largest:.2%}"
    return f"| {some[0].quantity} | {some[0].library} | {shown} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
