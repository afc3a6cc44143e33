"""A year in one picture to share: totals, the months, the longest ride, no coordinates and no map.

The picture is one SVG of a fixed size, with the colors of the light palette and nothing to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from strava_assets.errors import StravaAssetsError
from strava_assets.report.charts import having, plot, values
from strava_assets.report.drawing_process import draw_charts
from strava_assets.report.number_format import counted, day, duration, hours, number, quantity
from strava_assets.report.section import short_name
from strava_assets.report.theme import color, with_colors

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Points

WIDTH, HEIGHT = 1080, 1080
_MARGIN = 84
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FONT = 'font-family="Helvetica, Arial, sans-serif"'


class NoRidesError(StravaAssetsError):
    """The year has no ride to show."""


class _Fact(NamedTuple):
    value: str
    name: str


def year_review_svg(figures: Figures, year: int, units: Units) -> str:
    """The picture of one year.

    Raises:
        NoRidesError: no ride of that year counts.
        DrawingError: the process that draws has ended.
    """
    rides = [row for row in figures.activities if row["is_ride"] and row["activity_date"].year == year]
    if not rides:
        raise NoRidesError(
            f"There is no ride in {year}.",
            means="No picture was written.",
            remedy="Name a year with rides, or sync first.",
        )
    [drawing] = draw_charts([{"name": "year", "spec": _months(), "rows": _points(rides, units)}])
    facts = "".join(_fact(place, fact) for place, fact in enumerate(_facts(rides, units)))
    until = figures.today if figures.today and figures.today.year == year else None
    subtitle = f"on the bike, up to {day(until)}" if until else "on the bike"
    return with_colors(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" {_FONT} role="img" aria-label="{year} {subtitle}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{color("card")}"/>'
        f'<rect width="{WIDTH}" height="14" fill="{color("accent")}"/>'
        + _text(_MARGIN, 170, 104, year, bold=True)
        + _text(_MARGIN + 280, 166, 34, subtitle, shade="muted")
        + facts
        + _text(_MARGIN, 640, 26, f"{units.distance} by month", shade="muted")
        + f'<g transform="translate({_MARGIN - 14},660)">{_inner(drawing["svg"])}</g>'
        + _text(_MARGIN, 1000, 26, _longest_ride(figures, year, units), shade="text")
        + _text(_MARGIN, 1044, 20, "strava_assets · Compatible with Strava", shade="muted")
        + "</svg>\n"
    )


def _longest_ride(figures: Figures, year: int, units: Units) -> str:
    """The year's record of distance on the road; of time, where every ride was indoors."""
    records = {row["record"]: row for row in figures.rows("personal_records") if row["period"] == str(year)}
    if row := records.get("longest_distance"):
        length = quantity(units.far(row["value"]), units.distance)
    elif row := records.get("longest_time"):
        length = duration(row["value"])
    else:
        return ""
    return f"Longest ride: {short_name(row)}, {day(row['activity_date'])}, {length}"


def _facts(rides: list[Row], units: Units) -> list[_Fact]:
    def total(field: str) -> float:
        return float(sum(row[field] or 0 for row in rides))

    work_kj = [row["work_kj"] for row in rides if row["work_kj"] is not None]
    facts = [
        _Fact(quantity(units.far(total("distance_m")), units.distance), "distance"),
        _Fact(quantity(hours(total("moving_time_s")), "h"), "riding time"),
        _Fact(quantity(units.high(total("climb_m")), units.climb), "climbing on the road"),
        _Fact(number(len(rides)), "rides"),
        _Fact(counted(len({row["activity_date"] for row in rides}), "day"), "with a ride"),
    ]
    if work_kj:
        facts.append(
            _Fact(quantity(sum(work_kj) / 1000, "MJ"), f"measured in {counted(len(work_kj), 'ride')}")
        )
    return facts


def _fact(place: int, fact: _Fact) -> str:
    x, y = _MARGIN + place % 2 * 470, 290 + place // 2 * 120
    return _text(x, y, 58, fact.value, bold=True) + _text(x, y + 36, 24, fact.name, shade="muted")


def _points(rides: list[Row], units: Units) -> Points:
    meters = dict.fromkeys(range(1, 13), 0.0)
    for row in rides:
        meters[row["activity_date"].month] += row["distance_m"]
    far = {month: units.far(distance) or 0 for month, distance in meters.items()}
    return [
        {"m": name, "d": round(far[month])} | ({"t": number(far[month])} if far[month] else {})
        for month, name in enumerate(_MONTHS, 1)
    ]


def _months() -> Spec:
    bar = {"type": "bar", "color": color("accent")}
    words = {"type": "text", "dy": -12, "fontSize": 20, "fontWeight": "bold", "color": color("text")}
    months = {"title": None, "labelAngle": 0, "labelFontSize": 20, "labelPadding": 10}
    drawn = plot(
        "year",
        {
            "field": "m",
            "type": "nominal",
            "sort": None,
            "scale": {"paddingInner": 0.25, "paddingOuter": 0},
            "axis": months,
        },
        values(labels=False, grid=False, minExtent=0) | {"field": "d"},
        {"mark": bar, "encoding": {}},
        # A month without a ride, or one to come, has no number.
        having("t", {"mark": words, "encoding": {"text": {"field": "t", "type": "nominal"}}}),
        height=220,
    )
    return drawn | {"width": WIDTH - 2 * _MARGIN}


def _inner(svg: str) -> str:
    """What a drawing holds, with its own fonts, for a place in another one."""
    return svg.replace("<svg ", '<svg overflow="visible" ', 1)


def _text(x: int, y: int, size: int, words: object, *, bold: bool = False, shade: str = "text") -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{color(shade)}">{escape(str(words))}</text>'
    )
