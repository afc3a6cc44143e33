"""Year on year: how far each year had come by each of its days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.numbers import hours, number, quantity, rounded
from strava_assets.report.sections.drawing import WIDTHS, colours, named_rows, spec, value_axis
from strava_assets.report.sections.parts import Chart, Points, Section, Table

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Year on year"
_YEARS = 5


def build(figures: Figures, units: Units) -> Section:
    """The section from `year_on_year`."""
    days = figures.rows("year_on_year")
    if not days or not any(row["rides_so_far"] for row in days):
        return Section("years", _TOPIC, "There is no ride yet; the year's line begins with the first one.")
    latest = days[-1]
    years = sorted({row["year"] for row in days})[-_YEARS:]
    names = [str(year) for year in years]
    palette = [f"year{rank}" for rank in range(len(years), 0, -1)]
    told = f"each day of {names[0]} to {names[-1]}" if len(names) > 1 else f"each day of {names[0]}"
    return Section(
        "years",
        _TOPIC,
        _finding(latest, units),
        [
            Chart(
                f"years-{field}",
                title,
                f"{title}, from January up to {told}. {_finding(latest, units)}",
                spec(_lines(field, title, names, palette)),
                share="half",
            )
            for field, title in (
                ("d", f"Distance since January, {units.distance}"),
                ("h", "Riding time since January, hours"),
            )
        ],
        {"years": _points(days, years, units)},
        [_table(days, latest, units)],
        legend=tuple(zip(names, palette, strict=True)),
    )


def _finding(latest: Row, units: Units) -> str:
    by = f"{latest['day'].day} {latest['day']:%B}"
    text = f"{quantity(units.far(latest['distance_so_far_m']), units.distance)} by {by}"
    before, change = latest["distance_year_before_m"], latest["distance_change_pct"]
    if before is None or change is None:
        return f"{text} of {latest['year']}."
    against = quantity(units.far(before), units.distance)
    if abs(change) < 0.5:
        return f"{text}, level with the same day of {latest['year'] - 1}."
    word = "ahead of" if change > 0 else "behind"
    return f"{text}, {quantity(abs(change), '%')} {word} the same day of {latest['year'] - 1} ({against})."


def _points(days: list[Row], years: list[int], units: Units) -> Points:
    """A point where a line moves or ends; between them it is level, before the first ride unknown."""
    first = next(row["day"] for row in days if row["rides_so_far"])
    points: Points = []
    for index, row in enumerate(days):
        if row["year"] not in years or row["day"] < first:
            continue
        ends = index + 1 == len(days) or days[index + 1]["year"] != row["year"]
        begins = row["day"] == first or days[index - 1]["year"] != row["year"]
        if begins or ends or row["rides_so_far"] != days[index - 1]["rides_so_far"]:
            points.append(
                {
                    "w": str(row["common_day"]),
                    "y": str(row["year"]),
                    "d": rounded(units.far(row["distance_so_far_m"]), 0),
                    "h": rounded(hours(row["moving_time_so_far_s"])),
                }
            )
    return points


def _lines(field: str, title: str, names: list[str], palette: list[str]) -> alt.TopLevelMixin:
    import altair as alt

    # Only months are named: the axis is that of a leap year in which all years share.
    months = alt.Axis(title=None, format="%b", tickCount=alt.ExprRef("ceil(width / 50)"))
    base = alt.Chart(named_rows("years")).encode(
        alt.X("w:T", axis=months),
        alt.Y(f"{field}:Q", axis=value_axis()),
        alt.Detail("y:N"),
    )
    told = [
        alt.Tooltip("y:N", title="Year"),
        alt.Tooltip("w:T", title="Day", format="%-d %b"),
        alt.Tooltip(f"{field}:Q", title=title, format=",.0f"),
    ]
    now = f"datum.y == '{names[-1]}'"
    return alt.layer(
        base.mark_line(interpolate="step-after").encode(
            alt.Color("y:N", scale=colours(names, palette), legend=None),
            strokeWidth=alt.condition(now, alt.value(3), alt.value(1.75)),
        ),
        base.mark_point(size=60, opacity=0, filled=True).encode(tooltip=told),
    ).properties(width=WIDTHS["half"], height=230)


def _table(days: list[Row], latest: Row, units: Units) -> Table:
    ends = {row["year"]: row for row in days}
    same = {row["year"]: row for row in days if row["common_day"] <= latest["common_day"]}
    return Table(
        "Years, the latest first",
        (
            "Year",
            "Rides",
            f"Distance {units.distance}",
            f"By this day {units.distance}",
            "Hours",
            f"Climbing {units.climb}",
            "Work MJ",
        ),
        [
            (
                str(year) + (" (running)" if year == latest["year"] else ""),
                number(end["rides_so_far"]),
                number(units.far(end["distance_so_far_m"])),
                number(units.far(same[year]["distance_so_far_m"])),
                number(hours(end["moving_time_so_far_s"])),
                number(units.high(end["climb_so_far_m"])),
                number(end["work_so_far_kj"] / 1000, 1),
            )
            for year, end in sorted(ends.items(), reverse=True)
        ],
    )
