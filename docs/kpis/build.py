"""Writes what the KPI pages say from elsewhere: `python -m docs.kpis.build`, and with a home folder the pictures too.

A page's head comes from the seeds, the source modules and the actions of alerts; what stands below its mark is written
by hand and left alone. The pictures are taken of the page over a built sample company, so that they are what it draws.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from pipelines.settings import DBT_PROJECT, PROJECT_ROOT
from pipelines.sources import all_sources

PAGES: Final = PROJECT_ROOT / "docs" / "kpis"
PICTURES: Final = PROJECT_ROOT / "docs" / "images" / "kpis"
WRITTEN: Final = "<!-- Above: written by `make docs-kpis`. Below: by hand. -->"
FIGURES: Final = {
    "throughput": ("Hour by hour, the last fourteen days", "recommender"),
    "deployment_cadence": ("Release calendar", ""),
    "cost_per_prediction": ("What moved the compute cost", ""),
    "mttr": ("Incidents by model and week", ""),
    "business_value": ("Cumulative value", "triage"),
    "npv": ("Discounted cash flow, cumulated", "triage"),
    "accuracy": ("By cohort and week", "support-assistant"),
    "drift_rate": ("Drift by feature and week", "route-optimiser"),
    "feature_adoption": ("From eligible to retained", "support-assistant"),
    "satisfaction": ("Satisfaction and trust by day", "support-assistant"),
}
"""The figure of the page that stands for each KPI, by its title, and the model it is of where it is of one."""
WIDTH: Final = 720


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed of the dbt project."""
    with (DBT_PROJECT / "seeds" / f"{name}.csv").open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def heads() -> dict[str, str]:
    """KPI → the part of its page that is written from elsewhere, its mark included."""
    sources: defaultdict[str, list[str]] = defaultdict(list)
    for row in seed("kpi_sources"):
        sources[row["kpi_id"]].append(f"{all_sources()[row['source']].title} (`{row['source']}`)")
    actions = {row["subject_id"]: row["recommended_action"] for row in seed("alert_actions")}
    return {
        kpi["kpi_id"]: f"""\
# {kpi["kpi_number"]} {kpi["kpi_name"]}
{kpi["definition"]}

| | |
|---|---|
| Formula | {kpi["numerator_name"]} / {kpi["denominator_name"]} |
| Unit | {kpi["unit"]}; {"higher" if kpi["is_higher_better"] == "true" else "lower"} is better |
| Group | {kpi["kpi_group"]} |
| Sources | {", ".join(sources[kpi["kpi_id"]])} |
| Off target | {actions[kpi["kpi_id"]]} |
| Version | {kpi["definition_version"]} of the definition |

![{FIGURES[kpi["kpi_id"]][0]}: the sample company](../images/kpis/{kpi["kpi_id"]}.png)

{WRITTEN}
"""
        for kpi in seed("kpis")
    }


def pages() -> dict[Path, str]:
    """Page → its whole text: the head as it must be, and below its mark what stands there."""
    written = {}
    for kpi_id, head in heads().items():
        page = PAGES / f"{kpi_id}.md"
        _, _, by_hand = (page.read_text(encoding="utf-8") if page.exists() else "").partition(f"{WRITTEN}\n")
        written[page] = head + by_hand
    return written


def take_pictures(scorecard: Path) -> None:
    """Take the figure of each KPI from the page at `scorecard`; needs Chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
        for kpi_id, (title, model) in FIGURES.items():
            page.goto("about:blank")
            page.goto(f"{scorecard.resolve().as_uri()}#model={model}")
            page.wait_for_selector("html[data-ready]")
            page.add_style_tag(content="header, nav { position: static !important }")  # they would lie over the figure
            figure = page.locator("figure", has=page.get_by_text(title, exact=True))
            figure.scroll_into_view_if_needed()
            figure.locator(".panel:has(svg)").first.wait_for()
            for plot in figure.locator(".plot").all():
                plot.scroll_into_view_if_needed()
                plot.locator("svg[aria-hidden]").wait_for()
            figure.screenshot(path=PICTURES / f"{kpi_id}.png")
        browser.close()


def main() -> None:
    """Write every page, and the pictures where a home folder is named."""
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
    for home in sys.argv[1:2]:
        take_pictures(Path(home) / "published" / "scorecard.html")


if __name__ == "__main__":
    main()
