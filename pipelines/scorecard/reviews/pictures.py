"""The charts of reviews: small SVGs without scripts, rendered by Vega-Lite when the review is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import altair as alt
import vl_convert

from pipelines.scorecard import words
from pipelines.scorecard.charts import VEGA_LITE
from pipelines.scorecard.reviews.document import Picture

Row = dict[str, Any]
INK, SOFT, RULE, ACCENT = "var(--ink)", "var(--soft)", "var(--rule)", "var(--accent)"
SHAPES: Final = {"release": "triangle-up", "incident": "square", "campaign": "diamond"}
COLOURS: Final = {"release": "var(--accent)", "incident": "var(--bad)", "campaign": "var(--warn)"}
WIDTH: Final = 1090
COLUMNS: Final = 3


def timeline(events: Sequence[Row], first: date, last: date) -> Picture:
    """Releases, incidents and campaigns of each model, day by day."""
    begin, end = datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())
    rows = [
        {
            "model": row["model_name"],
            "from": _iso(max(row["starts_at"], begin)),
            "to": _iso(min(row["ends_at"] or row["starts_at"], end)),
            "kind": row["kind"] if row["kind"] in SHAPES else "other",
        }
        for row in events
    ]
    kinds = [kind for kind in (*SHAPES, "other") if any(row["kind"] == kind for row in rows)]
    models = sorted({row["model"] for row in rows})
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        alt.Y("model:N").sort(models).title(None).axis(ticks=False, domain=False, labelLimit=170, grid=True),
        alt.Color("kind:N")
        .scale(domain=kinds, range=[COLOURS.get(kind, SOFT) for kind in kinds])
        .legend(orient="top", title=None, symbolType="circle", symbolStrokeWidth=0),
    )
    x = (
        alt.X("from:T")
        .title(None)
        .scale(type="utc", domain=[_iso(begin), _iso(end)])
        .axis(format="%-d %b", grid=False, tickCount=8, labelOverlap=True)
    )
    chart = alt.layer(
        base.mark_bar(height=5, opacity=0.45, cornerRadius=2).encode(x, alt.X2("to:T")),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            x,
            alt.Shape("kind:N").scale(domain=kinds, range=[SHAPES.get(kind, "circle") for kind in kinds]).legend(None),
        ),
    ).properties(width=WIDTH - 170, height=26 * len(models))
    counted = Counter((row["model"], row["kind"]) for row in rows)
    said = [
        f"{model} {words.listed([words.plural(counted[model, kind], kind) for kind in kinds if counted[model, kind]])}"
        for model in models
    ]
    return Picture(
        _drawn(chart), f"Events from {words.short_day(first)} to {words.short_day(last)}: {'; '.join(said)}."
    )


def variance(rows: Sequence[Row]) -> Picture:
    """Variance of each model's compute cost: price, volume and mix effects."""
    parts = [
        {
            "model": row["model_name"],
            "month": f"{row['month_date']:%b}",
            "part": part,
            "effect": row[f"{part}_effect_usd"],
        }
        for row in rows
        for part in ("price", "volume", "mix")
    ]
    months = list(dict.fromkeys(row["month"] for row in parts))
    chart = (
        alt.Chart(alt.InlineData(values=parts))
        .mark_bar(height=9, cornerRadiusEnd=2)
        .encode(
            alt.Y("part:N").sort(["price", "volume", "mix"]).title(None).axis(ticks=False, domain=False),
            alt.X("effect:Q").title(None).axis(format="$~s", tickCount=4),
            alt.Color("part:N")
            .scale(domain=["price", "volume", "mix"], range=[ACCENT, "var(--warn)", "var(--good)"])
            .legend(None),
        )
        .properties(width=WIDTH // COLUMNS - 95, height=48)
    )
    if len(months) > 1:
        chart = chart.encode(alt.YOffset("month:N").sort(months)).properties(height=16 * 3 * len(months))
    faceted = (
        chart.facet(alt.Facet("model:N").title(None), columns=COLUMNS)
        .resolve_scale(x="independent")
        .properties(bounds="flush", spacing={"row": 60, "column": 30})
    )
    said = []
    for row in rows:
        part = max(("price", "volume", "mix"), key=lambda name: abs(row[f"{name}_effect_usd"]))
        said.append(
            f"{row['model_name']} {words.change(row['compute_cost_usd'] - row['previous_cost_usd'], 'USD')}, "
            f"mostly {part}"
        )
    return Picture(_drawn(faceted), f"Compute cost variance in USD: {'; '.join(said)}.")


def cumulative(rows: Sequence[Row]) -> Picture:
    """Each model's cumulative value with its confidence interval."""
    values = [
        {
            "model": row["model_name"],
            "day": row["event_date"].isoformat(),
            "value": float(row["cumulative_value_usd"]),
            "low": None if row["cumulative_value_ci_low_usd"] is None else float(row["cumulative_value_ci_low_usd"]),
            "high": None if row["cumulative_value_ci_high_usd"] is None else float(row["cumulative_value_ci_high_usd"]),
        }
        for row in rows
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        alt.X("day:T").title(None).scale(type="utc").axis(format="%-d %b", grid=False, tickCount=3, labelOverlap=True)
    )
    y = alt.Axis(format="$~s", tickCount=4)
    chart = (
        alt.layer(
            base.mark_area(opacity=0.18, color=ACCENT).encode(alt.Y("low:Q").title(None).axis(y), alt.Y2("high:Q")),
            base.mark_line(strokeWidth=2, color=ACCENT).encode(alt.Y("value:Q").title(None).axis(y)),
        )
        .properties(width=WIDTH // COLUMNS - 60, height=110)
        .facet(alt.Facet("model:N").title(None), columns=COLUMNS)
        .resolve_scale(y="independent")
        .properties(bounds="flush", spacing={"row": 52, "column": 60})
    )
    newest = {row["model_name"]: row for row in rows}
    said = [f"{name} {words.amount(row['cumulative_value_usd'], 'USD')}" for name, row in sorted(newest.items())]
    return Picture(_drawn(chart), f"Cumulative value with its 95 % confidence interval: {'; '.join(said)}.")


def _iso(moment: datetime) -> str:
    """A UTC timestamp in Vega's format."""
    return f"{moment.isoformat(timespec='seconds')}Z"


def _drawn(chart: Any) -> str:
    """The chart as SVG; its colours are the style sheet's variables, so that one SVG serves light and dark mode."""
    styled = (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_axis(
            labelColor=SOFT, titleColor=SOFT, domainColor=RULE, tickColor=RULE, gridColor=RULE, labelFontSize=11
        )
        .configure_header(labelColor=INK, labelFontSize=12, labelFontWeight="bold", labelAnchor="start")
        .configure_legend(labelColor=SOFT, labelFontSize=11)
        .configure_view(stroke=None)
    )
    return str(vl_convert.vegalite_to_svg(styled.to_dict(), vl_version=VEGA_LITE))
