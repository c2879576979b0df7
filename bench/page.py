"""The page of a large company: its size, its time until readable, and the time of a filter.

Measured by the page's own performance marks in headless Chromium: `ready` is when the scorecard is shown and its
filters work, `shown` the time from a choice until everything in view is redrawn. Seconds hold for this machine only.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from bench import Figure
from pipelines.scorecard.page import page as written
from tests.browser.company import company

DAYS = 400
BOUNDS = {20: (1.5, 2.0, 0.3), 100: (3.6, 3.0, None)}
"""Models → megabytes, seconds until ready, seconds a filter may take."""
REPEATS = 5
CHOICES = ["model=model-1", "team=team-1", "period=week", "days=all", ""]
SECTIONS = ["kpi-throughput", "kpi-deployment_cadence", "kpi-accuracy"]


def run() -> Iterator[Figure]:
    """Size, time until ready and time of a filter, for twenty models and for a hundred, over 400 days."""
    with TemporaryDirectory(prefix="bench-page-") as folder, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for models, (megabytes, ready, filtered) in BOUNDS.items():
            file = Path(folder) / f"{models}.html"
            tables = company([f"Model {i}" for i in range(models)], DAYS)
            file.write_text(written(tables, "Acme", "2027-02-05T04:00:00Z", file.parent / "kept"), encoding="utf-8")
            about = f"{models} models × {DAYS} days"
            yield Figure(f"the page of {about}", file.stat().st_size / 1e6, "MB", megabytes, "synthetic, noisy numbers")
            seconds = [_ready(chromium, file) for _ in range(REPEATS)]
            detail = f"median of {REPEATS}, from {min(seconds):.2f} to {max(seconds):.2f}"
            yield Figure(f"ready to read, {about}", statistics.median(seconds), "s", ready, detail)
            if filtered is not None:
                choices = _choices(chromium, file)
                median = statistics.median(choices)
                detail = f"of {len(choices)} choices with the scorecard or charts in view; their median is {median:.2f}"
                yield Figure(f"the slowest filter, {about}", max(choices), "s", filtered, detail)
        chromium.close()


def _opened(chromium: Browser, file: Path) -> Page:
    page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    return page


def _ready(chromium: Browser, file: Path) -> float:
    page = _opened(chromium, file)
    seconds = float(page.evaluate("performance.getEntriesByName('ready')[0].startTime")) / 1000
    page.context.close()
    return seconds


def _choices(chromium: Browser, file: Path) -> list[float]:
    """Seconds of each choice, at the top of the page and with charts in view."""
    page = _opened(chromium, file)
    seconds = [_shown(page, choice, "") for choice in CHOICES]
    for section in SECTIONS:
        _shown(page, f"at={section}", section)  # goes there; what it costs is no filter
        seconds += [_shown(page, f"at={section}&{choice}", section) for choice in CHOICES]
    page.context.close()
    return seconds


def _shown(page: Page, choice: str, section: str) -> float:
    """Seconds until everything in view is drawn again after `choice`."""
    shown = "performance.getEntriesByName('shown')"
    before = page.evaluate(f"{shown}.length")
    page.evaluate("choice => { location.hash = choice }", choice)
    while page.evaluate(f"{shown}.length") == before:
        page.wait_for_timeout(20)
    if section:
        page.locator(f"#{section} .plot svg").first.wait_for()
    return float(page.evaluate(f"{shown}.at(-1).duration")) / 1000
