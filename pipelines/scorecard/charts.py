"""The pictures: one Vega-Lite specification each, written with Altair, without data.

`page.js` fills them with rows it names `rows`, and `events` where releases and incidents are drawn. Colours come with
the rows (a model has one colour everywhere) or from the style sheet's variables, so that dark mode needs no second
specification.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import altair as alt

ROWS: Final = alt.NamedData(name="rows")
EVENTS: Final = alt.NamedData(name="events")
INK, FAINT = "var(--ink)", "var(--rule)"
HEIGHT: Final = 240
FONT: Final = "system-ui, sans-serif"
"""A stack of names, not a variable: Vega measures text with it."""
WEEKDAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

Chart = Any  # Altair types its layers and facets by how they were made
_UTC: Final = alt.Scale(type="utc")
_DAY: Final = alt.X("day:T").title(None).scale(_UTC).axis(format="%-d %b", labelOverlap=True, grid=False, tickCount=8)
_COLOUR: Final = alt.Color("colour:N").scale(None)


def trend(scale: alt.Scale | alt.UndefinedType = alt.Undefined) -> Chart:
    """A KPI by day, faint, with its rolling value, the interval where there is one, the target and the events."""

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q").title(None).scale(scale)

    base = alt.Chart(ROWS).encode(_DAY, _COLOUR, alt.Detail("model:N"))
    tooltip = [
        alt.Tooltip("model:N").title("Model"),
        alt.Tooltip("when:N").title("Day"),
        alt.Tooltip("value:Q").title("That day").format(".4~g"),
        alt.Tooltip("rolling:Q").title("Rolling").format(".4~g"),
    ]
    return alt.layer(
        base.mark_area(opacity=0.14).encode(y("low"), alt.Y2("high:Q")),
        base.mark_line(strokeWidth=1, opacity=0.32, interpolate="linear").encode(y("value")),
        base.mark_line(strokeWidth=2).encode(y("rolling")),
        base.mark_line(strokeWidth=1.2, strokeDash=[5, 4], interpolate="step-after").encode(y("target")),
        base.mark_point(size=55, filled=True, shape="triangle-up").encode(y("spike")),
        _events(),
        base.mark_point(opacity=0, size=120).encode(y("rolling"), tooltip=tooltip),
    ).properties(height=HEIGHT)


def trend_log() -> Chart:
    """The same on a logarithmic axis, for models that are orders of magnitude apart."""
    return trend(alt.Scale(type="log"))


def _events() -> Chart:
    return (
        alt.Chart(EVENTS)
        .mark_rule(strokeWidth=1, opacity=0.55, color=INK, strokeDash=[2, 3])
        .encode(
            alt.X("day:T").scale(_UTC),
            tooltip=[
                alt.Tooltip("title:N").title("Event"),
                alt.Tooltip("when:N").title("Day"),
            ],
        )
    )


def hours() -> Chart:
    """Predictions per hour with their rolling mean, the spikes marked."""
    base = alt.Chart(ROWS).encode(
        alt.X("hour:T").title(None).scale(_UTC).axis(format="%-d %b", grid=False, tickCount=14, labelOverlap=True),
        _COLOUR,
        alt.Detail("model:N"),
    )
    return alt.layer(
        base.mark_line(strokeWidth=1, opacity=0.45).encode(alt.Y("value:Q").title(None)),
        base.mark_line(strokeWidth=2).encode(alt.Y("rolling:Q").title(None)),
        base.mark_point(size=60, filled=True, shape="triangle-up").encode(
            alt.Y("spike:Q").title(None),
            tooltip=[
                alt.Tooltip("model:N").title("Model"),
                alt.Tooltip("when:N").title("Hour"),
                alt.Tooltip("spike:Q").title("Spike").format(",.0f"),
            ],
        ),
    ).properties(height=HEIGHT)


def bars() -> Chart:
    """An amount by week, stacked by part."""
    return (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            alt.X("week:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True),
            alt.Y("value:Q").title(None),
            alt.Color("colour:N").scale(None),
            alt.Detail("part:N"),
            tooltip=[
                alt.Tooltip("part:N").title("Part"),
                alt.Tooltip("week:O").title("Week of"),
                alt.Tooltip("value:Q").title("Amount").format(",.2f"),
            ],
        )
        .properties(height=HEIGHT)
    )


def waterfall() -> Chart:
    """Steps from one amount to another."""
    base = alt.Chart(ROWS).encode(alt.X("step:N").sort(None).title(None).axis(labelAngle=0))
    return alt.layer(
        base.mark_bar(size=44).encode(
            alt.Y("from:Q").title(None).scale(zero=True),
            alt.Y2("to:Q"),
            alt.Color("colour:N").scale(None),
            tooltip=[alt.Tooltip("step:N").title("Step"), alt.Tooltip("label:N").title("Change")],
        ),
        base.mark_text(dy=-8, color=INK).encode(alt.Y("top:Q"), alt.Text("label:N")),
    ).properties(height=HEIGHT)


def _heatmap(x: alt.X, y: alt.Y, height: int, tooltip: list[alt.Tooltip]) -> Chart:
    base = alt.Chart(ROWS).encode(x, y)
    return alt.layer(
        base.mark_rect(stroke="var(--paper)", strokeWidth=1.5, cornerRadius=2).encode(
            alt.Color("shade:N").scale(None), tooltip=tooltip
        ),
        base.mark_text(fontSize=11).encode(alt.Text("label:N"), alt.Color("text:N").scale(None)),
    ).properties(height=height)


def week_hours() -> Chart:
    """Incidents by weekday and hour."""
    return _heatmap(
        alt.X("hour:O").title("hour of the day, UTC").axis(labelAngle=0, ticks=False, domain=False),
        alt.Y("weekday:O").sort(WEEKDAYS).title(None).axis(ticks=False, domain=False),
        210,
        [
            alt.Tooltip("weekday:O").title("Day"),
            alt.Tooltip("hour:O").title("Hour"),
            alt.Tooltip("count:Q").title("Incidents"),
        ],
    )


def model_weeks() -> Chart:
    """A count by model and week; empty weeks are drawn."""
    return _heatmap(
        alt.X("week:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True, ticks=False, domain=False),
        alt.Y("model:N").title(None).axis(ticks=False, domain=False, labelLimit=150),
        210,
        [
            alt.Tooltip("model:N").title("Model"),
            alt.Tooltip("week:O").title("Week of"),
            alt.Tooltip("count:Q").title("Count"),
        ],
    )


def triangle() -> Chart:
    """Retention: a row a cohort, a column a week after it."""
    return _heatmap(
        alt.X("week_number:O").title("weeks after the first use").axis(labelAngle=0, ticks=False, domain=False),
        alt.Y("cohort:O").sort(None).title(None).axis(ticks=False, domain=False),
        HEIGHT,
        [
            alt.Tooltip("cohort:O").title("First used in the week of"),
            alt.Tooltip("week_number:O").title("Weeks after"),
            alt.Tooltip("label:N").title("Came back"),
        ],
    )


def funnel() -> Chart:
    """People at each stage, and the share that came from the one before."""
    base = alt.Chart(ROWS).encode(
        alt.Y("stage:N").sort(None).title(None).axis(ticks=False, domain=False, labelLimit=160)
    )
    return alt.layer(
        base.mark_bar(cornerRadiusEnd=3).encode(
            alt.X("value:Q").title(None).axis(grid=False),
            alt.Color("colour:N").scale(None),
            tooltip=[
                alt.Tooltip("stage:N").title("Stage"),
                alt.Tooltip("value:Q").title("Users").format(",.0f"),
                alt.Tooltip("label:N").title("Of the stage before"),
            ],
        ),
        base.mark_text(align="left", dx=6, color=INK).encode(alt.X("value:Q"), alt.Text("label:N")),
    ).properties(height=HEIGHT)


def grouped() -> Chart:
    """A value by month and part, side by side."""
    return (
        alt.Chart(ROWS)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            alt.X("month:O").sort(None).title(None).axis(labelAngle=0),
            alt.XOffset("part:N"),
            alt.Y("value:Q").title(None),
            alt.Color("colour:N").scale(None),
            tooltip=[
                alt.Tooltip("part:N").title("Severity"),
                alt.Tooltip("month:O").title("Month"),
                alt.Tooltip("value:Q").title("Hours").format(".3~g"),
                alt.Tooltip("n:Q").title("Incidents"),
            ],
        )
        .properties(height=HEIGHT)
    )


CHARTS: Final[dict[str, Callable[[], Chart]]] = {
    "trend": trend,
    "trend_log": trend_log,
    "hours": hours,
    "bars": bars,
    "waterfall": waterfall,
    "week_hours": week_hours,
    "model_weeks": model_weeks,
    "triangle": triangle,
    "funnel": funnel,
    "grouped": grouped,
}


def specifications() -> dict[str, dict[str, Any]]:
    """Every picture by name, JSON-ready: its `spec`, and whether it draws events (`has_events`)."""
    return {
        name: {"spec": _styled(chart()).to_dict(), "has_events": name.startswith("trend")}
        for name, chart in CHARTS.items()
    }


def _styled(chart: Chart) -> Chart:
    return (
        chart.properties(
            width="container",
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            background="transparent",
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="var(--soft)",
            titleColor="var(--soft)",
            gridColor=FAINT,
            domainColor=FAINT,
            tickColor=FAINT,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelFont=FONT,
            titleFont=FONT,
        )
        .configure_text(font=FONT)
    )
