"""The pictures: one Vega-Lite specification each, written with Altair, without data, compiled to Vega.

The page fills a picture once for each of its panels, with rows it names `rows`; where days are read, also with
`events` (releases, incidents), `period` (what is chosen) and `rulers` (what is shown of a day under the pointer).
Colours come with the rows or from the style sheet, so that dark mode needs no second specification.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import altair as alt
import vl_convert

VEGA_LITE: Final = "6.4"
"""The version Altair 6 writes."""
ROWS, EVENTS, PERIOD, RULERS = (alt.NamedData(name=name) for name in ("rows", "events", "period", "rulers"))
ONCE = alt.InlineData(values=[{}])  # a rule over many rows would be drawn once for each
INK, SOFT, FAINT, ACCENT = "var(--ink)", "var(--soft)", "var(--rule)", "var(--accent)"
HEIGHT: Final = 240
EVENTS_AT: Final = -7
"""The position of events' marks, in pixels below the plot's top edge: above it, where no target and no line is."""
FONT: Final = "system-ui, sans-serif"
"""A stack of names, not a variable: Vega measures text with it."""

Chart = Any  # Altair types its layers and facets by how they were made
_UTC: Final = alt.Scale(type="utc")
_COLOUR: Final = alt.Color("colour:N").scale(None)
_TIP: Final = alt.Tooltip("tip:N")
# What a number is written in, and how a day is, are signals of the page: one picture serves shares, dollars and counts.
_NUMBER: Final = alt.param(name="number", value="~s")
_TIME: Final = alt.param(name="time", value="%-d %b")
_TICKS: Final = alt.param(name="ticks", value=None)
_REACH: Final = alt.param(name="reach", value=None)
_NUMBER_LABEL: Final = "replace(format(datum.value, number), 'G', 'B')"


def _day(field: str = "day") -> alt.X:
    return (
        alt.X(f"{field}:T")
        .title(None)
        .scale(_UTC)
        .axis(
            values=alt.expr("ticks"),
            labelExpr="utcFormat(datum.value, time)",
            labelOverlap=True,
            grid=False,
            tickCount=6,
        )
    )


def _y(field: str, *, zero: bool = True) -> alt.Y:
    return (
        alt.Y(f"{field}:Q")
        .title(None)
        .scale(zero=zero, nice=4)
        .axis(labelExpr=_NUMBER_LABEL, tickCount=4, domain=False, ticks=False)
    )


def _x(field: str = "value") -> alt.X:
    return (
        alt.X(f"{field}:Q")
        .title(None)
        .axis(labelExpr=_NUMBER_LABEL, labelOverlap=True, labelFlush=True, tickCount=5, domain=False)
    )


def _rows_down(field: str = "label") -> alt.Y:
    return (
        alt.Y(f"{field}:N")
        .sort(None)
        .title(None)
        .axis(ticks=False, domain=False, labelLimit=alt.expr("min(340, 0.36 * containerSize()[0])"))
    )


def _period() -> Chart:
    return alt.Chart(PERIOD).mark_rect(color=ACCENT, opacity=0.07).encode(alt.X("from:T").scale(_UTC), alt.X2("to:T"))


def _events() -> list[Chart]:
    base = alt.Chart(EVENTS).encode(alt.X("day:T").scale(_UTC), _COLOUR, tooltip=_TIP)
    return [
        base.mark_rule(strokeWidth=1, opacity=0.28, strokeDash=[2, 3]),
        base.mark_point(filled=True, size=46, opacity=1).encode(
            alt.Shape("shape:N").scale(None), y=alt.value(EVENTS_AT)
        ),
    ]


def _rulers() -> Chart:
    """A day under the pointer shows its values, so that nobody has to hit a line."""
    return (
        alt.Chart(RULERS)
        .mark_bar(opacity=0, cursor="crosshair")
        .encode(alt.X("from:T").scale(_UTC), alt.X2("to:T"), y=alt.value(0), y2=alt.value("height"), tooltip=_TIP)
    )


def trend(*, zero: bool = True) -> Chart:
    """A value over time, thin, with its rolling value, an interval, a target or threshold, spikes and events."""
    base = alt.Chart(ROWS).encode(_day())
    return alt.layer(
        _period(),
        base.mark_area(opacity=0.16, color=ACCENT).encode(_y("low", zero=zero), alt.Y2("high:Q")),
        base.mark_line(strokeWidth=1, opacity=0.75, color="var(--thin)").encode(_y("value", zero=zero)),
        base.mark_line(strokeWidth=1.3, strokeDash=[5, 4], interpolate="step-after", color=INK, opacity=0.7).encode(
            _y("target", zero=zero)
        ),
        base.mark_line(strokeWidth=1.5, strokeDash=[2, 3], color="var(--part-2)").encode(_y("before", zero=zero)),
        base.mark_line(strokeWidth=2, color=ACCENT).encode(_y("rolling", zero=zero)),
        base.mark_point(size=40, filled=True, opacity=1, shape="triangle-up", color="var(--warn)").encode(
            _y("spike", zero=zero)
        ),
        *_events(),
        _rulers(),
    )


def level() -> Chart:
    """The same where the distance from zero says nothing: shares that are near one, net present values."""
    return trend(zero=False)


def lines(*, zero: bool = True) -> Chart:
    """A value over time for a few parts; values that are not final have empty marks."""
    base = alt.Chart(ROWS).encode(_day(), _COLOUR, alt.Detail("part:N"))
    return alt.layer(
        _period(),
        base.mark_line(strokeWidth=1.8).encode(_y("value", zero=zero)),
        base.mark_point(size=30, opacity=1, strokeWidth=1.6).encode(
            _y("value", zero=zero), alt.Fill("fill:N").scale(None)
        ),
        *_events(),
        _rulers(),
    )


def scores() -> Chart:
    """The same for scores near one."""
    return lines(zero=False)


def bars() -> Chart:
    """An amount by week, stacked by part."""
    return (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            alt.X("week:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True, ticks=False),
            _y("value"),
            _COLOUR,
            alt.Detail("part:N"),
            tooltip=_TIP,
        )
    )


def grouped() -> Chart:
    """A value by group and part, side by side, each with its target."""
    base = alt.Chart(ROWS).encode(
        alt.X("group:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True, labelLimit=140, ticks=False),
        alt.XOffset("part:N").sort(None),
        tooltip=_TIP,
    )
    return alt.layer(
        base.mark_bar(cornerRadiusEnd=2).encode(_y("value"), _COLOUR),
        base.transform_filter("isValid(datum.target)")
        .mark_tick(color=INK, thickness=2, orient="horizontal")
        .encode(_y("target")),
    )


def waterfall() -> Chart:
    """Steps from one amount to another."""
    base = alt.Chart(ROWS).encode(alt.X("step:N").sort(None).title(None).axis(labelAngle=0, ticks=False))
    return alt.layer(
        base.mark_bar(cornerRadius=2).encode(_y("from"), alt.Y2("to:Q"), _COLOUR, tooltip=_TIP),
        base.mark_text(dy=-8, color=INK).encode(alt.Y("top:Q"), alt.Text("label:N")),
    )


def heatmap() -> Chart:
    """A count or share for each pair; what is empty is drawn."""
    base = alt.Chart(ROWS).encode(
        alt.X("x:O").sort(None).title(None).axis(labelAngle=0, labelOverlap=True, ticks=False, domain=False),
        _rows_down("y"),
    )
    return alt.layer(
        base.mark_rect(stroke="var(--raised)", strokeWidth=1.5, cornerRadius=3).encode(
            alt.Color("shade:N").scale(None), tooltip=_TIP
        ),
        base.mark_text(fontSize=11).encode(alt.Text("label:N"), alt.Color("text:N").scale(None)),
    )


def calendar() -> Chart:
    """What went live when: a row a model, a dot a day, a mark a deployment."""
    base = alt.Chart(ROWS).encode(_day(), _rows_down())
    marks = base.transform_filter("isValid(datum.shape)")
    a_day = alt.expr("[0, scale('x', 864e5) - scale('x', 0)]")
    return alt.layer(
        # One dotted line a model: a mark for each dot makes eight thousand of twenty models in a year.
        base.transform_filter("isValid(datum.to)")
        .mark_rule(color="var(--dot)", strokeWidth=3, strokeCap="round", strokeDash=a_day)
        .encode(alt.X2("to:T")),
        marks.mark_point(filled=True, size=110, opacity=1).encode(
            _COLOUR, alt.Shape("shape:N").scale(None), tooltip=_TIP
        ),
        marks.mark_text(dy=-13, fontSize=11, color=SOFT, limit=70).encode(alt.Text("named:N")),
    )


def funnel() -> Chart:
    """People at each stage, and the share that came from the one before."""
    base = alt.Chart(ROWS).encode(_rows_down())
    return alt.layer(
        base.mark_bar(cornerRadiusEnd=3, color="var(--shade-3)").encode(
            alt.X("value:Q").title(None).scale(range=[0, alt.expr("width - 110")]).axis(None), tooltip=_TIP
        ),
        base.mark_text(align="left", dx=6, color=INK).encode(alt.X("value:Q"), alt.Text("said:N")),
    )


def forest() -> Chart:
    """Estimates with their intervals against zero, each beside its name; a shape says what color says.

    What reaches beyond `reach` ends at the plot's edge and is written there: `over` at the right, `under` at the left.
    """
    base = alt.Chart(ROWS).encode(_rows_down())
    reach = alt.Scale(
        domainMin=alt.expr("reach ? reach[0] : null"), domainMax=alt.expr("reach ? reach[1] : null"), clamp=True
    )
    return alt.layer(
        alt.Chart(ONCE).mark_rule(color=INK, opacity=0.35).encode(alt.XDatum(0)),
        *_intervals(base, reach),
        base.transform_filter("isValid(datum.over)")
        .mark_text(align="right", dy=-9, fontSize=11)
        .encode(alt.Text("over:N"), _COLOUR, x=alt.value("width")),
        base.transform_filter("isValid(datum.under)")
        .mark_text(align="left", dy=-9, fontSize=11)
        .encode(alt.Text("under:N"), _COLOUR, x=alt.value(0)),
    )


def levels() -> Chart:
    """Shares with their intervals, each beside its name, against the one of all, `whole`."""
    base = alt.Chart(ROWS).encode(_rows_down())
    return alt.layer(
        base.mark_tick(color=INK, thickness=1.5, size=22, opacity=0.45).encode(_x("whole").scale(zero=False)),
        *_intervals(base, alt.Scale(zero=False)),
    )


def _intervals(base: Chart, scale: alt.Scale) -> list[Chart]:
    return [
        base.mark_rule(strokeWidth=2).encode(_x("low").scale(scale), alt.X2("high:Q"), _COLOUR),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            _x().scale(scale), _COLOUR, alt.Shape("shape:N").scale(None), tooltip=_TIP
        ),
    ]


def cash() -> Chart:
    """A project's discounted flows, cumulated: the plan dashed, the forecast bold, actual months as points."""
    base = alt.Chart(ROWS).encode(_day())
    return alt.layer(
        alt.Chart(ONCE).mark_rule(color=INK, opacity=0.35).encode(alt.YDatum(0)),
        base.mark_line(strokeWidth=1.3, strokeDash=[5, 4], color=INK, opacity=0.7).encode(_y("planned")),
        base.mark_line(strokeWidth=2, color=ACCENT).encode(_y("value")),
        base.mark_point(filled=True, size=40, opacity=1, color=ACCENT).encode(_y("actual")),
        _rulers(),
    )


def tornado() -> Chart:
    """What moves a project's NPV: a bar an input, from its low end to its high end, widest first."""
    base = alt.Chart(ROWS).encode(_rows_down())
    return alt.layer(
        base.mark_bar(color="var(--part-2)").encode(_x("base"), alt.X2("low:Q"), tooltip=_TIP),
        base.mark_bar(color="var(--part-1)").encode(_x("base"), alt.X2("high:Q"), tooltip=_TIP),
        base.mark_tick(color=INK, thickness=2, size=16).encode(_x("base")),
    )


CHARTS: Final[dict[str, Callable[[], Chart]]] = {
    function.__name__: function
    for function in (
        trend, level, lines, scores, bars, grouped, waterfall, heatmap, calendar, funnel, forest, levels, cash, tornado,
    )
}  # fmt: skip


@cache
def bundle(once_run: str) -> str:
    """Vega and vegaEmbed as one script, which does `once_run` when it has run."""
    return vl_convert.javascript_bundle(snippet=once_run, vl_version=VEGA_LITE)


def specifications() -> dict[str, dict[str, Any]]:
    """Every picture by name as a Vega specification, ready for `vegaEmbed`."""
    return {
        name: vl_convert.vegalite_to_vega(_styled(chart()).to_dict(), vl_version=VEGA_LITE)
        for name, chart in CHARTS.items()
    }


def _styled(chart: Chart) -> Chart:
    return (
        chart.add_params(_NUMBER, _TIME, _TICKS, _REACH)
        .properties(
            width="container",
            height=HEIGHT,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            background="transparent",
            padding=2,
        )
        .configure(aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=SOFT,
            titleColor=SOFT,
            gridColor=FAINT,
            domainColor=FAINT,
            tickColor=FAINT,
            labelFontSize=11,
            labelFont=FONT,
        )
        .configure_text(font=FONT, fontSize=12)
    )
