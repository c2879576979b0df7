"""The page's script: its bundle is the one of its modules."""

from __future__ import annotations

from pipelines.scorecard.bundle import BUNDLE, heading


def test_the_bundle_is_made_of_the_scripts_as_they_are() -> None:
    first, _, _ = BUNDLE.read_text(encoding="utf-8").partition("\n")
    assert first == heading(), "a script of the page has changed since: run `make page`"
