"""What tests of the page do with one that is open: wait, draw, go to an address. Its fixtures are in conftest."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.company import HOSTILE

NAMES = ["Alpha", "Beta", HOSTILE]
VIEWS = ["home", "money", "reliability", "quality", "adoption", "governance", "model", "project"]
REVIEWS = [
    "monthly-2026-02.html",
    "weekly-2026-W08-team-0.html",
    "launch-2026-02-model-0.html",
    "index.html",
]
PLOTS = "section:not([hidden]) .plot"
Open = Callable[..., tuple[Page, list[str]]]


def until(page: Page, condition: str) -> None:
    """Wait for `condition`; playwright's own wait evaluates text inside the page, which its policy forbids."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def draw_all(page: Page) -> None:
    """Have everything of the view unfolded and drawn, as for paper."""
    page.evaluate("document.querySelectorAll('.fold').forEach((fold) => fold.setAttribute('open', ''))")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    until(page, f"[...document.querySelectorAll('{PLOTS}')].every((plot) => plot.querySelector('svg[aria-hidden]'))")


def turn_to(page: Page, hash_: str) -> None:
    """Go to an address within the page, and wait until the page shows it."""
    page.evaluate("(hash) => { performance.clearMeasures(); location.hash = hash }", hash_)
    until(page, "performance.getEntriesByName('shown').length > 0")


UNFOLDED_DRAWN = f"""[...document.querySelectorAll('{PLOTS}')].filter((plot) => plot.offsetParent)
  .every((plot) => plot.querySelector('svg[aria-hidden]'))"""
