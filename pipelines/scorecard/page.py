"""The page: one file that asks nothing of any server, put together from a shell, a style, a script and the data."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

import pyarrow as pa

from pipelines.scorecard.payload import packed, squeezed
from pipelines.scorecard.pictures import pictures

ASSETS: Final = Path(__file__).parent / "assets"
LIBRARIES: Final = "window.vegaEmbed = vegaEmbed; window.drawerReady();"
"""What the bundle of Vega does once it has run: the page waits for it with the first picture, not before."""


def page(tables: Mapping[str, pa.Table], company: str, made_at: str, kept: Path) -> str:
    """The page over `tables` (those of `datasets.DATASETS`), for `company`, as published at `made_at` (UTC, ISO 8601).

    What is the same on every page is kept in the folder `kept`.
    The content security policy it carries lets its own two scripts run, by their digests, and nothing else be fetched.
    """
    drawn = pictures(kept, LIBRARIES)
    libraries = drawn["libraries"]
    # A closing tag inside a script would end its element; the libraries come packed and need no such care.
    behaviour = _asset("page.js").replace("</script", "<\\/script")
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in (libraries, behaviour))
    return Template(_asset("page.html")).substitute(
        policy=(
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        title=html.escape(f"{company} · AI workforce scorecard"),
        style=_asset("page.css"),
        data=packed(tables, {"company": company, "made_at": made_at, "charts": drawn["specifications"]}),
        libraries=squeezed(libraries),
        behaviour=behaviour,
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
