"""The page: one file that asks nothing of any server, put together from a shell, a style, a script and the data."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

import pyarrow as pa
import vl_convert

from pipelines.scorecard.charts import specifications
from pipelines.scorecard.payload import packed

ASSETS: Final = Path(__file__).parent / "assets"
VEGA_LITE: Final = "6.4"
"""The version Altair 6 writes."""


def page(tables: Mapping[str, pa.Table], company: str, made_at: str) -> str:
    """The page over `tables` (those of `datasets.DATASETS`), for `company`, as published at `made_at` (UTC, ISO 8601).

    The content security policy it carries lets its own script run and nothing else be fetched.
    """
    libraries = vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]  # its stub asks for more
    scripts = [_embeddable(libraries), _embeddable(_asset("page.js"))]
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    data = packed(tables, {"company": company, "made_at": made_at})
    return Template(_asset("page.html")).substitute(
        policy=(
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        title=html.escape(f"{company} · AI workforce scorecard"),
        style=_asset("page.css"),
        charts=json.dumps(specifications(), separators=(",", ":")).replace("<", "\\u003c"),
        data=data,
        libraries=scripts[0],
        behaviour=scripts[1],
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _embeddable(script: str) -> str:
    """`script` as it may stand in a page: a closing tag inside it would end its element."""
    return script.replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
