"""Validation of a source's day before it is loaded, with Great Expectations.

It validates a profile, one row per day computed in SQL, and never the rows themselves: a scan and a few numbers instead
of the rows in memory. This is the only module that uses Great Expectations, and imports it late: it takes seconds.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.sources.spec import Expectation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Finding:
    """An expectation that a day did not meet: found against expected."""

    table: str
    day: date
    expectation: Expectation
    found: float

    def __str__(self) -> str:
        """The finding as a sentence."""
        low, high = self.expectation.low, self.expectation.high
        bounds = f"{'' if low is None else f'at least {low:g}'}{' and ' if None not in (low, high) else ''}"
        bounds += "" if high is None else f"at most {high:g}"
        return (
            f"{self.table} {self.day}: {self.expectation.name} is {self.found:g}, expected {bounds} "
            f"({self.expectation.reason})"
        )


def measured_column(expectation: Expectation) -> str:
    """The profile's column with the value that the expectation measured."""
    return f"{expectation.name} found"


def validate(table: str, profile: pd.DataFrame, expectations: Sequence[Expectation]) -> list[Finding]:
    """The expectations of `table` that days of `profile` do not meet.

    `profile` has a row per day: `_day`, and two columns per expectation: the number that is compared with its bounds,
    in a column of its name (null passes), and the measure that is reported, in `measured_column`.
    """
    if profile.empty or not expectations:
        return []
    import great_expectations as gx
    from great_expectations.expectations.core import ExpectColumnValuesToBeBetween

    suite = gx.ExpectationSuite(
        name=table,
        expectations=[
            ExpectColumnValuesToBeBetween(
                column=expectation.name, min_value=expectation.low, max_value=expectation.high
            )
            for expectation in expectations
        ],
    )
    frame = profile.reset_index(drop=True)
    result = _profiles().get_batch({"dataframe": frame}).validate(suite, result_format="COMPLETE")
    by_name = {expectation.name: expectation for expectation in expectations}
    findings: list[Finding] = []
    for verdict in result.results:
        if verdict.exception_info.get("raised_exception"):
            raise RuntimeError(f"{table}: {verdict.exception_info}")
        expectation = by_name[verdict.expectation_config.kwargs["column"]]
        for index in verdict.result.get("unexpected_index_list") or []:
            row = profile.iloc[index]
            findings.append(Finding(table, row["_day"], expectation, float(row[measured_column(expectation)])))
    return sorted(findings, key=lambda f: (f.day, f.expectation.name))


@functools.cache
def _profiles() -> Any:
    """Great Expectations' batch definition for any table's profile: made once, a tenth of a second each."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # Of no use to people, and printed wherever a library has set up logging.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_or_update_pandas("profiles").add_dataframe_asset("profile")
    return asset.add_batch_definition_whole_dataframe("days")
