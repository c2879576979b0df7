"""The page: one file that needs no server, assembled from a shell, a style, a script and the data."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Final

import pyarrow as pa

from pipelines.scorecard.payload import gzipped, packed
from pipelines.scorecard.pictures import compiled_charts

ASSETS: Final = Path(__file__).parent / "assets"
READY_SNIPPET: Final = "window.vegaEmbed = vegaEmbed; window.drawerReady();"
"""JavaScript at the end of Vega's bundle: the page waits for it with the first picture, not before."""


def page(
    tables: Mapping[str, pa.Table],
    company: str,
    made_at: str,
    cache_folder: Path,
    reviews: Sequence[Mapping[str, str | None]] = (),
) -> str:
    """The page over `tables` (those of `datasets.DATASETS`), for `company`, as published at `made_at` (UTC, ISO 8601).

    `reviews` are those that lie beside it, as `reviews.shelf.links` gives them: the page links to them.
    The parts that are the same on every page are cached in `cache_folder`. Its content security policy allows its own
    two scripts, by their digests, and no requests.
    """
    compiled = compiled_charts(cache_folder, READY_SNIPPET)
    libraries = compiled["libraries"]
    # A closing tag inside a script would end its element; the libraries are compressed and have none.
    script = _asset("page.js").replace("</script", "<\\/script")
    allowed = " ".join(f"'sha256-{_digest(text)}'" for text in (libraries, script))
    return Template(_asset("page.html")).substitute(
        policy=(
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        title=html.escape(f"{company} · AI workforce scorecard"),
        style=_asset("page.css"),
        data=packed(
            tables,
            {"company": company, "made_at": made_at, "reviews": list(reviews), "charts": compiled["specifications"]},
        ),
        libraries=gzipped(libraries),
        script=script,
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
