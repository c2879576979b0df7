"""Writes what the KPI pages say from elsewhere: `python -m docs.kpis.build`, and with a home folder the pictures too.

A page's head comes from the registry of KPIs and the source modules; what stands below its mark is written by hand and
left alone, as is `docs/kpis.md` but for its table. The pictures are taken of the page over a built sample company, so
that they are what it draws.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from pipelines.kpis import KPIS, Kpi
from pipelines.settings import PROJECT_ROOT
from pipelines.sources import all_sources
from pipelines.warehouse.dbt_sources import sources_of

PAGES: Final = PROJECT_ROOT / "docs" / "kpis"
OVERVIEW: Final = PROJECT_ROOT / "docs" / "kpis.md"
TABLE_HEAD: Final = "| | KPI | unit |\n|---|---|---|\n"
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
"""The figure of the page that stands for a KPI, by its title, and the model it is of where it is of one.

Of any other KPI it is the KPI by day.
"""
WIDTH: Final = 720


def figure_of(kpi: Kpi) -> tuple[str, str]:
    """The title of the KPI's figure, and the model it is of; empty where it is of all."""
    return FIGURES.get(kpi.kpi_id, (f"{kpi.kpi_name} by day", ""))


def heads() -> dict[str, str]:
    """KPI → the part of its page that is written from elsewhere, its mark included."""
    return {kpi.kpi_id: _head(kpi) for kpi in KPIS}


def _head(kpi: Kpi) -> str:
    known = all_sources()
    names = [name for role in kpi.source_roles.split() for name in sources_of(known.values(), role)]
    return f"""\
# {kpi.kpi_number} {kpi.kpi_name}
{kpi.definition}

| | |
|---|---|
| Formula | {kpi.numerator_name} / {kpi.denominator_name} |
| Unit | {kpi.unit}; {"higher" if kpi.is_higher_better else "lower"} is better |
| Group | {kpi.kpi_group} |
| Sources | {", ".join(f"{known[name].title} (`{name}`)" for name in names)} |
| Off target | {kpi.off_target_action} |
| Version | {kpi.definition_version} of the definition |

![{figure_of(kpi)[0]}: the sample company](../images/kpis/{kpi.kpi_id}.png)

{WRITTEN}
"""


def pages() -> dict[Path, str]:
    """Page → its whole text: what is written from elsewhere as it must be, and the rest as it stands."""
    written = {OVERVIEW: _overview()}
    for kpi_id, head in heads().items():
        page = PAGES / f"{kpi_id}.md"
        _, _, by_hand = (page.read_text(encoding="utf-8") if page.exists() else "").partition(f"{WRITTEN}\n")
        written[page] = head + by_hand
    return written


def _overview() -> str:
    """The text of the page of all KPIs, with their table."""
    before, _, rest = OVERVIEW.read_text(encoding="utf-8").partition(TABLE_HEAD)
    after = rest.partition("\n\n")[2]
    rows = "\n".join(f"| {kpi.kpi_number} | [{kpi.kpi_name}](kpis/{kpi.kpi_id}.md) | {kpi.unit} |" for kpi in KPIS)
    return f"{before}{TABLE_HEAD}{rows}\n\n{after}"


def take_pictures(scorecard: Path) -> None:
    """Take the figure of each KPI from the page at `scorecard`; needs Chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
        for kpi in KPIS:
            title, model = figure_of(kpi)
            page.goto("about:blank")
            page.goto(f"{scorecard.resolve().as_uri()}#at=kpi-{kpi.kpi_id}&model={model}")
            page.wait_for_selector("html[data-ready]")
            page.evaluate("document.querySelectorAll('.fold').forEach((fold) => { fold.open = true })")
            page.add_style_tag(content="header, nav { position: static !important }")  # they would lie over the figure
            figure = page.locator("figure", has=page.get_by_text(title, exact=True))
            figure.scroll_into_view_if_needed()
            figure.locator(".panel:has(svg)").first.wait_for()
            for plot in figure.locator(".plot").all():
                plot.scroll_into_view_if_needed()
                plot.locator("svg[aria-hidden]").wait_for()
            figure.screenshot(path=PICTURES / f"{kpi.kpi_id}.png")
        browser.close()


def main() -> None:
    """Write every page, and the pictures where a home folder is named."""
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
    for home in sys.argv[1:2]:
        take_pictures(Path(home) / "published" / "scorecard.html")


if __name__ == "__main__":
    main()
