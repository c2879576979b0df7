"""Benchmarks: each module here with a `run()` measures itself beside its peer, as a ratio within one run.

Seconds of one machine say nothing about another; a ratio of two things measured in turns does. `python -m bench`
runs them all, `python -m bench serving` one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure: `value` is good when it is at most `bound`; `detail` says how it came about."""

    name: str
    value: float
    unit: str
    bound: float
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the bound holds."""
        return self.value <= self.bound
