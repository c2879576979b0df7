"""What changes a number counts as a change; how code and sources are described does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.sources import all_sources
from pipelines.sources.spec import Expectation
from pipelines.warehouse.code import bare
from pipelines.warehouse.intake import days_version_of, version_of

TICKETS = all_sources()["zendesk"]


def test_comments_docstrings_and_layout_are_no_code() -> None:
    once = '"""About."""\nLIMIT = 3\n"""Why three."""\n\n\ndef f(x):\n    """Doubles."""\n    return x * 2  # twice\n'
    assert bare(once) == bare("LIMIT=3\ndef f(x): return x*2")
    assert bare(once) != bare(once.replace("* 2", "* 3"))
    assert bare('def f():\n    """Nothing."""') == bare("def f():\n    pass")


def test_words_about_a_source_read_no_file_again() -> None:
    table, *others = TICKETS.tables
    first, *rest = table.columns
    described = replace(table, description="Other words.", columns=(replace(first, description="Too."), *rest))
    reworded = replace(
        TICKETS, title="T", description="D", owner="o", late=timedelta(1), names=(), tables=(described, *others)
    )
    assert version_of(reworded) == version_of(TICKETS)
    assert days_version_of(reworded) == days_version_of(TICKETS)
    typed = replace(table, columns=(replace(first, type="DOUBLE"), *rest))
    assert version_of(replace(TICKETS, tables=(typed, *others))) != version_of(TICKETS)


def test_what_is_asked_of_a_day_validates_days_again_and_reads_no_file() -> None:
    table, *others = TICKETS.tables
    asked = (*table.expectations, Expectation("few", "count(*)", "three are an error", high=3))
    stricter = replace(TICKETS, tables=(replace(table, expectations=asked), *others))
    assert version_of(stricter) == version_of(TICKETS)
    assert days_version_of(stricter) != days_version_of(TICKETS)
    looser = (*table.expectations, Expectation("few", "count(*)", "in other words", high=3))
    same = replace(TICKETS, tables=(replace(table, expectations=looser), *others))
    assert days_version_of(same) == days_version_of(stricter)
