"""Charts in Vega-Lite: the marks, axes and tooltips from which sections build them.

Here is what several charts draw the same way, as plain dictionaries of Vega-Lite, and the form that charts
take on an asset's page. Add a function when a second section needs it. Which rows and columns a chart shows
belongs into its section; rendering belongs into `vega`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.theme import color

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from strava_assets.report.section import Chart, Legend, Section

Spec = dict[str, Any]
"""A part of a Vega-Lite document."""

WIDTHS = {"full": 1000, "half": 480, "third": 310, "fifth": 190}
"""Pixels for a chart that takes this share of the page."""
NARROW = 0.56
"""The same of a section that takes one of two columns."""

ALL_SPORTS = "all"
"""The choice of a sport with which the page begins."""

_HALF_WEEK = timedelta(days=3)
_ASSET_WIDTH, _LETTER_WIDTH = 700, 6.6


def plot(
    rows: str,
    x: Spec,
    y: Spec,
    *layers: Spec,
    height: int,
    tooltip: Sequence[Spec] = (),
    hover: float = 0,
    transform: Sequence[Spec] = (),
) -> Spec:
    """Layers over common axes; what a layer says of an axis itself takes precedence.

    A layer with a `value` on an axis, or with None, does not use that axis: the value is in pixels, and
    without any a mark reaches from end to end.

    Args:
        rows: the name of the section's rows; their `w` is a day.
        x: the horizontal axis.
        y: the vertical axis.
        layers: from the back to the front.
        height: pixels.
        tooltip: what every mark shows.
        hover: pixels beside a row's place on the x axis at which its tooltip appears as well.
        transform: changes the rows before they are drawn.
    """
    zooms = "domainRaw" in x.get("scale", {})
    hints = {"tooltip": list(tooltip)} if tooltip else {}
    drawn = []
    for layer in layers:
        axes = {name: _axis_of(layer, name, axis) for name, axis in (("x", x), ("y", y))}
        clipped = {"mark": layer["mark"] | {"clip": True}} if zooms else {}
        encoding = layer["encoding"] | axes | ({} if hover else hints)
        used = {name: channel for name, channel in encoding.items() if channel is not None}
        drawn.append(layer | clipped | {"encoding": used})
    if hover:
        rule = {"type": "rule", "strokeWidth": hover, "opacity": 0, "clip": zooms}
        drawn.append({"mark": rule, "encoding": {"x": x} | hints})
    return {
        "data": {"name": rows, "format": {"type": "json", "parse": {"w": "date:'%Y-%m-%d'"}}},
        "params": [{"name": "zoom", "value": None}] if zooms else [],
        "transform": list(transform),
        "height": height,
        "layer": drawn,
    }


def _axis_of(layer: Spec, name: str, axis: Spec) -> Spec | None:
    own: Spec | None = layer["encoding"].get(name, {})
    return own if own is None or "value" in own else axis | own


def bands(low: str, high: str, name: str, shade: Spec, opacity: float) -> tuple[Spec, list[Spec]]:
    """Ranges of the y axis from end to end, at the rows that have a name; and the names at their left."""
    rect = {"type": "rect", "opacity": opacity}
    area = {"x": None, "y": {"field": low}, "y2": {"field": high}, "color": shade}
    text = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "dy": 3,
        "fontSize": 11,
        "color": color("muted"),
    }
    words = {"x": {"value": 5}, "y": {"field": high}, "text": {"field": name, "type": "nominal"}}
    return having(name, {"mark": rect, "encoding": area}), [
        having(name, layer) for layer in readable_text(text, words)
    ]


def readable_text(mark: Spec, encoding: Spec) -> list[Spec]:
    """Words that stay readable over lines: each stands on a broad stroke of the card's color."""
    halo = {"stroke": color("card"), "strokeWidth": 4, "strokeJoin": "round", "opacity": 0.85}
    return [{"mark": style, "encoding": encoding} for style in (mark | halo, mark)]


def overview(rows: str, x: Spec, field: str, **axis: Any) -> Spec:
    """One line over the whole x axis, small, on which a reader drags to zoom the charts above it."""
    brush = {"fill": color("accent"), "fillOpacity": 0.16, "stroke": color("accent"), "strokeOpacity": 0.6}
    interval = {"type": "interval", "encodings": ["x"], "mark": brush}
    small = line(field, "accent", 1.25) | {"params": [{"name": "brush", "select": interval}]}
    return plot(rows, x, values(zero=False, labels=False, grid=False, **axis), small, height=44)


def line(field: str, name: str, width: float, **mark: Any) -> Spec:
    """A line in a color of the palette; it breaks where its field is missing."""
    style = {"color": color(name), "strokeWidth": width, "invalid": "break-paths-show-domains"}
    return {"mark": {"type": "line"} | style | mark, "encoding": {"y": {"field": field}}}


def dots(field: str, name: str, size: float, *, where: str = "", outline: str = "") -> Spec:
    """Dots of so many square pixels; with `where`, at the rows that have that field."""
    style = (
        {"fill": color(name), "stroke": color(outline), "strokeWidth": 1.5}
        if outline
        else {"color": color(name)}
    )
    mark = {"type": "point", "filled": True, "size": size, "opacity": 1} | style
    return having(where, {"mark": mark, "encoding": {"y": {"field": field}}})


def labels(field: str, at: str, name: str, *, where: str, **mark: Any) -> Spec:
    """The words of one field at the height of another, at the rows that have the field `where`."""
    style = {"type": "text", "color": color(name), "fontWeight": "bold"}
    encoding = {"y": {"field": at}, "text": {"field": field, "type": "nominal"}}
    return having(where, {"mark": style | mark, "encoding": encoding})


def bars(field: str, name: str, *, where: str = "", outlined: bool = False) -> Spec:
    """Bars from zero to a field, from `s` to `e`, which `week_ends` or a transform of the chart adds."""
    style = (
        {"fill": color("card"), "stroke": color(name), "strokeWidth": 1.5}
        if outlined
        else {"color": color(name)}
    )
    ends = {"x": {"field": "s"}, "x2": {"field": "e"}, "y": {"field": field}, "y2": {"datum": 0}}
    return having(where, {"mark": {"type": "bar"} | style, "encoding": ends})


def stacked_weeks(
    rows: str,
    x: Spec,
    shade: tuple[str, Spec],
    order: str,
    *,
    height: int,
    tooltip: Sequence[Spec],
    as_shares: bool = False,
    **mark: Any,
) -> Spec:
    """The hours `h` of each week as stacked bars.

    Args:
        rows: the name of the section's rows.
        x: the horizontal axis.
        shade: the field that chooses the color, and its scale.
        order: the field by which a week's bars are stacked.
        height: pixels.
        tooltip: what a bar shows.
        as_shares: whether every bar is as high as the others and shows shares.
        mark: further properties of the bars.
    """
    stack = {
        "stack": "h",
        "groupby": ["w"],
        "sort": [{"field": order}],
        "as": ["low", "high"],
    } | ({"offset": "normalize"} if as_shares else {})
    field, scale = shade
    ends = {"x": {"field": "s"}, "x2": {"field": "e"}, "y": {"field": "low"}, "y2": {"field": "high"}}
    bar = {"mark": {"type": "bar"} | mark, "encoding": ends | {"color": nominal(field, scale)}}
    transform = [*week_ends(), stack]
    y = values(lines=4, format=".0%") if as_shares else values(lines=4)
    return plot(rows, x, y, bar, height=height, tooltip=tooltip, transform=transform)


def for_sport(chart: Spec, chosen: str) -> Spec:
    """A chart that a reader's choice of a sport changes.

    Args:
        chart: what `plot` returns.
        chosen: the rows it then has, as an expression that knows `sport`.
    """
    sport = {"name": "sport", "value": ALL_SPORTS}
    return chart | {
        "params": [*chart["params"], sport],
        "transform": [{"filter": chosen}, *chart["transform"]],
    }


def having(where: str, layer: Spec) -> Spec:
    """The layer for the rows that have a field; with `!` before its name, for those that lack it."""
    if not where:
        return layer
    field = where.removeprefix("!")
    return layer | {"transform": [{"filter": f"{where[: -len(field)]}isValid(datum['{field}'])"}]}


def nominal(field: str, scale: Spec) -> Spec:
    """A field of names as a color; the page has its own legend."""
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def color_scale(names: Sequence[str], palette: Sequence[str]) -> Spec:
    """Names to colors of the palette."""
    return {"domain": list(names), "range": [color(name) for name in palette]}


def values(*, zero: bool = True, lines: int = 5, padding: int | None = None, **axis: Any) -> Spec:
    """An axis of values: few lines and no title, since the chart's title has the unit."""
    scale: Spec = {"zero": zero, "nice": True} if padding is None else {"zero": zero, "padding": padding}
    style = {"title": None, "tickCount": lines, "grid": True, "format": ",~f", "minExtent": 34}
    return {"type": "quantitative", "scale": scale, "axis": style | axis}


def days(ends: Sequence[date] = (), *, years: bool = False, zooms: bool = False) -> Spec:
    """An axis of days that names years at January and months between, or years alone.

    Args:
        ends: the first and the last day; by default those of the rows.
        years: whether only years are named.
        zooms: whether an overview zooms it.
    """
    is_january = "month(datum.value) == 0 && date(datum.value) == 1"
    label = (
        f"{is_january} ? timeFormat(datum.value, '%Y') : date(datum.value) == 1 ?"
        " timeFormat(datum.value, '%b') : timeFormat(datum.value, '%-d %b')"
    )
    domain = [{"year": end.year, "month": end.month, "date": end.day} for end in ends]
    return {
        "field": "w",
        "type": "temporal",
        "scale": ({"domain": domain} if domain else {}) | ({"domainRaw": {"expr": "zoom"}} if zooms else {}),
        "axis": {
            "title": None,
            # As many labels as have room, so that none is left out by chance.
            "tickCount": "year" if years else {"expr": "ceil(width / 70)"},
            "labelOverlap": "greedy",
            "labelSeparation": 5,
            "labelExpr": label,
            "labelFontWeight": {"expr": f"{is_january} ? 'bold' : 'normal'"},
        },
    }


def span(first: date, last: date) -> tuple[date, date]:
    """The ends of an axis of weeks, with room for a bar and a dot at both."""
    room = max(_HALF_WEEK, (last - first) / 150)
    return first - room, last + room


def week_ends() -> list[Spec]:
    """Adds the ends of a week's bar, `s` and `e`, centered on the day `w` at which lines are drawn."""
    half = _HALF_WEEK // timedelta(milliseconds=1)
    return [
        {"calculate": f"time(toDate(datum.w)) {sign} {half}", "as": end}
        for sign, end in (("-", "s"), ("+", "e"))
    ]


def tooltip(*entries: tuple[str, str] | tuple[str, str, str]) -> list[Spec]:
    """What a mark shows: a field, its title and, for numbers and days, its format."""
    return [_tooltip_entry(*entry) for entry in entries]


def _tooltip_entry(field: str, title: str, form: str = "") -> Spec:
    if not form:
        return {"field": field, "type": "nominal", "title": title}
    kind = "temporal" if form.startswith("%") else "quantitative"
    return {"field": field, "type": kind, "title": title, "format": form}


def sparkline(numbers: Sequence[float | None], *, width: float, caption: str = "") -> Spec:
    """A bare line of some width through numbers, with a dot at the newest and a caption below."""
    rows = [{"x": place, "y": number} for place, number in enumerate(numbers)]
    newest = [row for row in rows if row["y"] is not None][-1:]
    axis = {"type": "quantitative", "axis": None}
    title = {"text": caption, "orient": "bottom", "anchor": "start", "offset": 4, "fontWeight": "normal"}
    drawn = plot(
        "line",
        axis | {"field": "x", "scale": {"nice": False, "domain": [0, max(len(rows) - 1, 1)]}},
        axis | {"scale": {"zero": False, "nice": False}},
        line("y", "accent", width),
        dots("y", "accent", 12 * width**2) | {"data": {"values": newest}},
        height=44,
    )
    # The margin holds half of the dot.
    frame = {"width": 228, "padding": 6, "data": {"values": rows}}
    return drawn | frame | ({"title": title | {"fontSize": 12, "color": color("muted")}} if caption else {})


def stack_for_asset(charts: Sequence[tuple[Chart, Section]]) -> Spec:
    """Charts below each other with their titles and legends, on a light card."""
    views = []
    for chart, section in charts:
        data = chart.spec["data"]
        drawn = {name: part for name, part in chart.spec.items() if name != "params"}
        # Rows of one name would be parsed twice.
        own = data | {"name": chart.name, "values": section.data[data["name"]]}
        drawn |= {"data": own, "width": _ASSET_WIDTH}
        views += [_heading(chart.title, chart.legend or section.legend), drawn]
    return {
        "vconcat": views,
        "params": [{"name": "zoom", "value": None}, {"name": "sport", "value": ALL_SPORTS}],
        "background": color("card"),
        "padding": 16,
        "spacing": 12,
    }


def _heading(title: str, legend: Legend) -> Spec:
    """A chart's title at the left and its legend at the right, which are HTML on the page."""
    entries, x = [], float(_ASSET_WIDTH)
    for name, shade in reversed(legend):
        x -= _LETTER_WIDTH * len(name)
        entries.append({"x": round(x), "text": name, "color": color(shade)})
        x -= 30
    along = {"field": "x", "type": "quantitative", "scale": None, "axis": None}
    place: Spec = {"x": along, "y": {"value": 20}}
    words = place | {"text": {"field": "text", "type": "nominal"}}
    fill = place | {"color": {"field": "color", "type": "nominal", "scale": None}}
    text = {"type": "text", "align": "left"}
    bold = text | {"fontWeight": "bold", "color": color("text")}
    square = {"type": "square", "filled": True, "size": 100, "opacity": 1, "xOffset": -12}
    return {
        "width": _ASSET_WIDTH,
        "height": 24,
        "layer": [
            {"data": {"values": [{"x": 0, "text": title}]}, "mark": bold, "encoding": words},
            {"data": {"values": entries}, "mark": text | {"color": color("muted")}, "encoding": words},
            {"data": {"values": entries}, "mark": square, "encoding": fill},
        ],
    }
