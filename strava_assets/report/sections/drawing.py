"""What the sections' charts have in common: axes, scales, tooltips and data rows in Altair's terms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.theme import ink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import altair as alt

_HALF_WEEK = timedelta(days=3)
WIDTHS = {"full": 1000, "half": 480, "third": 310, "fifth": 190}


def spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """A chart as Vega-Lite whose width is all it takes, axes included, so that the page can set it."""
    fitted = {"autosize": {"type": "fit-x", "contains": "padding"}}
    return chart.to_dict(validate=False) | fitted


def named_rows(name: str) -> alt.NamedData:
    """The page's rows of this name; their `w` is a day, which JavaScript would take for midnight in UTC."""
    import altair as alt

    return alt.NamedData(name, format=alt.JsonDataFormat(parse={"w": "date:'%Y-%m-%d'"}))


def time_axis(*, years: bool = False) -> alt.Axis:
    """A time axis that names years at January and months between, or years alone."""
    import altair as alt

    return alt.Axis(
        title=None,
        # As many as have room, so that none is left out by chance.
        tickCount="year" if years else alt.ExprRef("ceil(width / 70)"),
        labelOverlap="greedy",
        labelSeparation=5,
        labelExpr=(
            "month(datum.value) == 0 && date(datum.value) == 1 ? timeFormat(datum.value, '%Y')"
            " : date(datum.value) == 1 ? timeFormat(datum.value, '%b') : timeFormat(datum.value, '%-d %b')"
        ),
        labelFontWeight=alt.ExprRef("month(datum.value) == 0 && date(datum.value) == 1 ? 'bold' : 'normal'"),
    )


def span(first: date, last: date) -> list[alt.DateTime]:
    """The ends of a time axis over weeks, with room for a week's bar and a dot at both."""
    import altair as alt

    room = max(_HALF_WEEK, (last - first) / 150)
    ends = (first - room, last + room)
    return [alt.DateTime(year=end.year, month=end.month, date=end.day) for end in ends]


def week_bars(chart: alt.Chart) -> alt.Chart:
    """Gives a chart of weeks (w) the ends of a bar, s and e, centred on the day at which lines are drawn."""
    half = _HALF_WEEK // timedelta(milliseconds=1)
    return chart.transform_calculate(s=f"time(toDate(datum.w)) - {half}", e=f"time(toDate(datum.w)) + {half}")


def overview(chart: alt.Chart) -> alt.Chart:
    """Makes a line of a chart's whole extent the small one on which one drags to zoom its neighbours."""
    import altair as alt

    brush = alt.selection_interval(
        name="brush",
        encodings=["x"],
        mark=alt.BrushConfig(fill=ink("accent"), fillOpacity=0.16, stroke=ink("accent"), strokeOpacity=0.6),
    )
    line: alt.Chart = chart.mark_line(color=ink("accent"), strokeWidth=1.25).add_params(brush)
    return line.properties(width=WIDTHS["full"], height=44)


def value_axis(**options: Any) -> alt.Axis:
    """An axis of values: few lines, no title, since the chart's title has the unit."""
    import altair as alt

    return alt.Axis(
        **({"title": None, "tickCount": 5, "grid": True, "format": ",~f", "minExtent": 34} | options)
    )


def colours(names: Sequence[str], palette: Sequence[str]) -> alt.Scale:
    """Names to the palette's colours."""
    import altair as alt

    return alt.Scale(domain=list(names), range=[ink(name) for name in palette])
