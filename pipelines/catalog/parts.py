"""Common types of all domains: texts, days, numbers, and validity intervals.

What is said of one domain alone lives in its module under `domains/`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ADDRESS_PATTERN: Final = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
MONTH_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("expected a day such as 2026-01-31")


def _folded(value: str) -> str:
    is_guid = re.fullmatch(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?", value)
    return value.strip("{}").lower() if is_guid else value


Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Exact = Annotated[str, StringConstraints(min_length=1)]
"""Text exactly as in a vendor's system: never trimmed."""
LoggedId = Annotated[Exact, AfterValidator(_folded)]
"""An id as logs have it, a GUID in lower case and without braces: how the intake writes every id."""
Month = Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
Day = Annotated[date, BeforeValidator(_day)]
"""A day, never a number: pydantic would take 20260101 for seconds since 1970."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a catalog file: an unknown field is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AsOf(Part):
    """An entry of a history: valid from its day until the next entry's."""

    valid_from: Day = Field(
        alias="from",
        description="The first valid day (UTC); the next entry ends it.",
    )


class Validity(Part):
    """Valid on the days of `[from, to)`; a missing end is open."""

    valid_from: Day | None = Field(None, alias="from", description="The first valid day (UTC). Default: no start.")
    valid_to: Day | None = Field(
        None,
        alias="to",
        description="The first day (UTC) on which it is no longer valid. Default: no end.",
    )

    @field_validator("valid_to")
    @classmethod
    def _check_valid_to(cls, end: date | None, info: ValidationInfo) -> date | None:
        begin = info.data.get("valid_from")
        if end is not None and begin is not None and begin >= end:
            raise ValueError(
                f"expected a day after `from` ({begin}): `to` is the first day on which it is no longer valid"
            )
        return end
