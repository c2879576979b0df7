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
        .mark_rule(strokeWidth=1, opacity=0.6, strokeDash=[2, 3])
        .encode(
            alt.X("day:T").scale(_UTC),
            _COLOUR,
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
                alt.Tooltip("part:N").title("Part"),
                alt.Tooltip("month:O").title("Month"),
                alt.Tooltip("value:Q").title("Value").format(".3~g"),
                alt.Tooltip("n:Q").title("Observations"),
            ],
        )
        .properties(height=HEIGHT)
    )


def calendar() -> Chart:
    """What went live when: a row a model, a mark a deployment, rollbacks pointing down."""
    base = alt.Chart(ROWS).encode(
        alt.X("day:T")
        .title(None)
        .scale(alt.Scale(type="utc", padding=36))
        .axis(format="%-d %b", labelOverlap=True, grid=False, tickCount=8),
        alt.Y("model:N").title(None).axis(ticks=False, domain=False, labelLimit=150, grid=True),
    )
    return alt.layer(
        base.mark_point(filled=True, size=130, opacity=1).encode(
            _COLOUR,
            alt.Shape("shape:N").scale(None),
            tooltip=[
                alt.Tooltip("model:N").title("Model"),
                alt.Tooltip("version:N").title("Version"),
                alt.Tooltip("when:N").title("Deployed"),
                alt.Tooltip("kind:N").title("What"),
                alt.Tooltip("lead:N").title("Lead time"),
                alt.Tooltip("failure:N").title("Incident after it"),
            ],
        ),
        base.mark_text(dy=-13, fontSize=11, color="var(--soft)", limit=90).encode(alt.Text("version:N")),
        base.mark_text(dy=16, fontSize=11, color="var(--soft)").encode(alt.Text("lead:N")),
    ).properties(height=HEIGHT)


def forest(number: str = "~s") -> Chart:
    """Estimates with their intervals, a row each, against zero."""
    base = alt.Chart(ROWS).encode(
        alt.Y("label:N").sort(None).title(None).axis(ticks=False, domain=False, labelLimit=240)
    )
    x = alt.X("value:Q").title(None).axis(format=number, labelOverlap=True, tickCount=6)
    tooltip = [
        alt.Tooltip("label:N").title("What"),
        alt.Tooltip("value:Q").title("Estimate").format(".3~g"),
        alt.Tooltip("low:Q").title("From").format(".3~g"),
        alt.Tooltip("high:Q").title("To").format(".3~g"),
        alt.Tooltip("said:N").title("Reads"),
    ]
    return alt.layer(
        alt.Chart(ROWS).mark_rule(color=INK, opacity=0.5).encode(alt.XDatum(0)),
        base.mark_rule(strokeWidth=2).encode(
            alt.X("low:Q").title(None).axis(format=number, labelOverlap=True, tickCount=6), alt.X2("high:Q"), _COLOUR
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(x, _COLOUR, tooltip=tooltip),
    ).properties(height=HEIGHT)


def forest_share() -> Chart:
    """The same of shares, read in per cent."""
    return forest("+.0%")


def cash() -> Chart:
    """A project's discounted flows, cumulated: the plan dashed, what is known bold, booked months dotted."""
    base = alt.Chart(ROWS).encode(
        alt.X("month:T").title(None).scale(_UTC).axis(format="%b %Y", grid=False, labelOverlap=True, tickCount=8),
        _COLOUR,
        alt.Detail("project:N"),
    )
    tooltip = [
        alt.Tooltip("project:N").title("Project"),
        alt.Tooltip("when:N").title("Month"),
        alt.Tooltip("value:Q").title("Cumulative, discounted").format(",.0f"),
        alt.Tooltip("planned:Q").title("By plan").format(",.0f"),
        alt.Tooltip("basis:N").title("The month is"),
    ]
    y = alt.Y("value:Q").title(None).axis(format="~s")
    return alt.layer(
        alt.Chart(ROWS).mark_rule(color=INK, opacity=0.5).encode(alt.YDatum(0)),
        base.mark_line(strokeWidth=1.2, strokeDash=[5, 4]).encode(alt.Y("planned:Q").title(None).axis(format="~s")),
        base.mark_line(strokeWidth=2).encode(y),
        base.mark_point(filled=True, size=50, opacity=1).encode(alt.Y("booked:Q").title(None)),
        base.mark_point(opacity=0, size=140).encode(y, tooltip=tooltip),
    ).properties(height=HEIGHT)


def tornado() -> Chart:
    """What moves a project's NPV: a bar an input, from its low end to its high end, widest first."""
    base = alt.Chart(ROWS).encode(
        alt.Y("label:N").sort(None).title(None).axis(ticks=False, domain=False, labelLimit=240)
    )
    tooltip = [
        alt.Tooltip("label:N").title("Input"),
        alt.Tooltip("low:Q").title("NPV at its low end").format(",.0f"),
        alt.Tooltip("high:Q").title("NPV at its high end").format(",.0f"),
        alt.Tooltip("base:Q").title("Base").format(",.0f"),
    ]
    return alt.layer(
        base.mark_bar(color="#d1603d").encode(
            alt.X("base:Q").title(None).axis(format="~s", labelOverlap=True, tickCount=6),
            alt.X2("low:Q"),
            tooltip=tooltip,
        ),
        base.mark_bar(color="#2f7fb8").encode(alt.X("base:Q").title(None), alt.X2("high:Q"), tooltip=tooltip),
        base.mark_tick(color=INK, thickness=2, size=18).encode(alt.X("base:Q").title(None)),
    ).properties(height=HEIGHT)


def features() -> Chart:
    """Drifted windows by feature and week, as tall as it has features."""
    return _heatmap(
        alt.X("week:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True, ticks=False, domain=False),
        alt.Y("feature:N").sort(None).title(None).axis(ticks=False, domain=False, labelLimit=240),
        HEIGHT,
        [
            alt.Tooltip("feature:N").title("Feature"),
            alt.Tooltip("week:O").title("Week of"),
            alt.Tooltip("drifted:Q").title("Windows drifted"),
            alt.Tooltip("tested:Q").title("Windows tested"),
            alt.Tooltip("psi:Q").title("Largest PSI").format(".3~g"),
        ],
    )


def shift() -> Chart:
    """A feature's histogram in the reference and in the window, on the same bins."""
    return (
        alt.Chart(ROWS)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            alt.X("bin:O").sort(None).title(None).axis(labelAngle=-35, labelLimit=90),
            alt.XOffset("part:N"),
            alt.Y("value:Q").title(None).axis(format=".0%"),
            _COLOUR,
            tooltip=[
                alt.Tooltip("bin:O").title("Values"),
                alt.Tooltip("part:N").title("Where"),
                alt.Tooltip("value:Q").title("Share").format(".1%"),
            ],
        )
        .properties(height=HEIGHT)
    )


def cohorts() -> Chart:
    """A score by cohort and week, weeks in which a feature drifted marked."""
    base = alt.Chart(ROWS).encode(_DAY, _COLOUR, alt.Detail("cohort:N"))
    y = alt.Y("value:Q").title(None).scale(zero=False)
    tooltip = [
        alt.Tooltip("cohort:N").title("Cohort"),
        alt.Tooltip("when:N").title("Week of"),
        alt.Tooltip("value:Q").title("Score").format(".4~g"),
        alt.Tooltip("n:Q").title("Labelled").format(","),
        alt.Tooltip("state:N").title("Labels"),
    ]
    return alt.layer(
        base.mark_line(strokeWidth=2).encode(y),
        base.mark_point(filled=True, size=60, opacity=1).encode(y, tooltip=tooltip),
        _events(),
    ).properties(height=HEIGHT)


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
    "trend_linear": trend,
    "calendar": calendar,
    "forest": forest,
    "forest_share": forest_share,
    "cash": cash,
    "tornado": tornado,
    "features": features,
    "shift": shift,
    "cohorts": cohorts,
}


ROWS_HIGH: Final = {
    "calendar": ("model", 56),
    "forest": ("label", 26),
    "forest_share": ("label", 26),
    "tornado": ("label", 24),
    "features": ("feature", 22),
}
"""Picture → (field with a row for each value, pixels a row): Vega-Lite's own step warns beside a fitted width."""


def specifications() -> dict[str, dict[str, Any]]:
    """Every picture by name, JSON-ready: its `spec`, whether it draws events (`has_events`), how high its rows are."""
    pictures: dict[str, dict[str, Any]] = {}
    for name, chart in CHARTS.items():
        field, height = ROWS_HIGH.get(name, (None, None))
        has_events = name.startswith("trend") or name == "cohorts"
        pictures[name] = {
            "spec": _styled(chart()).to_dict(),
            "has_events": has_events,
            "row_field": field,
            "row_height": height,
        }
    return pictures


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
