"""Numbers, days and states in words, and text as Markdown shows it."""

from __future__ import annotations

from datetime import date
from typing import get_args

import duckdb
import pytest

from pipelines.catalog.domains.roles import Role
from pipelines.scorecard import words
from pipelines.scorecard.markdown import literal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (-0.0, "0"),
        (1e-13, "0"),
        (0.0000123, "0.0000123"),
        (0.5, "0.5"),
        (-12.345, "−12.3"),
        (999.96, "1000"),
        (1234.5, "1,234"),
        (12345678, "12,345,678"),
    ],
)
def test_a_number_has_three_digits_and_never_an_exponent(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_an_amount_is_read_as_its_unit_says() -> None:
    assert words.amount(0.1234, "share of windows") == "12.3\u00a0%"
    assert words.amount(0.9995, "share of requests") == "99.95\u00a0%"
    assert words.percent(1) == "100\u00a0%"
    assert words.amount(-1234.5, "USD a month") == "−$1,234"
    assert words.amount(None, "USD") == "–"
    assert words.change(-0.144, "share by the model's primary metric") == "−14.4 points"
    assert words.change(0, "hours") == "0"
    assert words.change_interval(-0.2, 0.1, "share of windows") == "−20 to +10 points"
    assert words.change_interval(None, 1, "USD") == ""


def test_a_span_says_what_differs() -> None:
    assert words.span(date(2026, 2, 16), date(2026, 2, 22)) == "16 to 22 February 2026"
    assert words.span(date(2026, 2, 23), date(2026, 3, 1)) == "23 February to 1 March 2026"
    assert words.span(date(2025, 12, 29), date(2026, 1, 4)) == "29 December 2025 to 4 January 2026"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[x](javascript:1)", r"\[x\](javascript:1)"),
        ("# no title\nnor a second line", r"\# no title nor a second line"),
        ("- no item", r"\- no item"),
        ("1. no item", r"1\. no item"),
        ("2026 is no item", "2026 is no item"),
        ("a_b*c`d", r"a\_b\*c\`d"),
    ],
)
def test_markdown_shows_what_is_said(text: str, shown: str) -> None:
    assert literal(text) == shown


def test_roles_are_written_as_people_write_them_in_python_and_in_sql() -> None:
    ids = list(get_args(Role))
    texts = [words.role(name) for name in ids]
    assert texts == [
        "executive sponsor", "AI program lead", "model owner", "data steward", "SRE", "compliance officer"
    ]  # fmt: skip
    (row,) = duckdb.execute(f"select {words.roles_sql('roles')} from (select ? as roles)", [",".join(ids)]).fetchall()
    assert row == (", ".join(texts),)
