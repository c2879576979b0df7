"""A review as one self-contained HTML file, and as Markdown."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final

import jinja2
from markupsafe import Markup

from pipelines.scorecard import markdown, words
from pipelines.scorecard.reviews.document import Review

SPARK_WIDTH, SPARK_HEIGHT = 72, 18
DARK: Final = re.compile(r':root\[data-theme="dark"\] (\{.*?\})', re.S)


def as_html(review: Review) -> str:
    """The page: printable, light or dark like the system, without scripts."""
    return _page("review.html.j2", review=review)


def as_index(company: str, shelves: Sequence[tuple[str, Sequence[tuple[str, str, str]]]]) -> str:
    """The page that lists reviews: the title of a shelf and, for each review on it, file stem, name and team."""
    return _page("index.html.j2", company=company, shelves=shelves)


def as_markdown(review: Review) -> str:
    """The same in Markdown, with charts as their text summaries."""
    text = markdown.environment().get_template("reviews/review.md.j2").render(review=review)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def style_sheet() -> str:
    """The page's style sheet with the reviews' own after it; dark where the system is, there being no script to ask."""
    page = (markdown.ASSETS / "page.css").read_text(encoding="utf-8")
    dark = DARK.search(page)
    if dark is None:
        raise ValueError('page.css has no rule `:root[data-theme="dark"]`: reviews take their dark colours from it')
    own = (markdown.ASSETS / "reviews" / "review.css").read_text(encoding="utf-8")
    return f"{page}\n@media screen and (prefers-color-scheme: dark) {{ :root {dark[1]} }}\n{own}"


def spark(values: tuple[float | None, ...]) -> Markup:
    """A line through `values`, its last point marked; nothing for fewer than three."""
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if len(known) < 3:
        return Markup()
    low, high = min(value for _, value in known), max(value for _, value in known)
    points = [
        (
            2 + (SPARK_WIDTH - 5) * i / (len(values) - 1),
            SPARK_HEIGHT - 3 - (SPARK_HEIGHT - 6) * ((value - low) / (high - low) if high > low else 0.5),
        )
        for i, value in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="trend" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" aria-hidden="true"><polyline points="{line}"/>'
        f'<circle cx="{points[-1][0]:.1f}" cy="{points[-1][1]:.1f}" r="2"/></svg>'
    )


def _page(template: str, **values: object) -> str:
    style = style_sheet()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _html()
        .get_template(f"reviews/{template}")
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            **values,
        )
    )


def _html() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(markdown.ASSETS),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.globals["words"] = words
    found.filters["spark"] = spark
    found.filters["safe_svg"] = Markup
    return found
