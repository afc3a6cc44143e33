"""Where the time went: shares of the zones of power and heart rate by week, polarization by quarter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.report.charts import color_scale, days, line, plot, span, stacked_weeks, tooltip, values
from strava_assets.report.number_format import compact_hours, hours, quantity, rounded
from strava_assets.report.section import (
    Chart,
    Points,
    Section,
    Table,
    numbers,
    table_of,
    week_of,
    without_nulls,
)
from strava_assets.report.theme import color
from strava_assets.report.zones import HEARTRATE_PALETTE, HEARTRATE_ZONES, POWER_PALETTE, POWER_ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Where the time went"
_CHART_SPAN = timedelta(weeks=52)
_RECENT_WEEKS = 12
_NOTE = (
    "Of the rides with a power meter whose seconds are known. Power zones end at 55, 75, 90, 105, 120 and "
    "150 % of the FTP of the ride's day, heart-rate zones at 68, 83, 94 and 105 % of the threshold heart "
    "rate."
)
_NOTE_WITHOUT_POWER = (
    "Of the activities of every sport whose heart rate is known second by second. Easy ends at 90 % of the "
    "threshold heart rate of the day, moderate at that heart rate."
)
_LEGEND = {
    "power_polarization": ("By power", "accent"),
    "heartrate_polarization": ("By heart rate", "second"),
}
_THIRDS = ("low", "moderate", "high")
_HOURS = ("power_low_s", "heartrate_low_s")
_POLARIZED = 2
_INDEX = (
    " The polarization index (Treff et al. 2019) weighs easy and hard time against moderate time, of all "
    "sports with a recording; above 2 training is polarized."
)
_MISSING = (
    "Zones need your threshold power, or your threshold heart rate, with the days from which they hold. "
    "Write them into the athlete file and refresh."
)


class _Measure(NamedTuple):
    key: str
    words: str
    fields: tuple[str, ...]
    names: tuple[str, ...]
    palette: tuple[str, ...]
    height: int
    easy_zones: int = 2
    hard: str = "at threshold or above"

    def seconds(self, weeks: list[Row]) -> list[int]:
        """Seconds in each zone, of all weeks."""
        return [sum(week[field] or 0 for week in weeks) for field in self.fields]


_OF_POWER_RIDES = tuple(
    _Measure(
        key, words, tuple(f"{key}_zone_{zone}_s" for zone in range(1, len(names) + 1)), names, palette, height
    )
    for key, words, names, palette, height in (
        ("power", "power", POWER_ZONES, POWER_PALETTE, 200),
        ("heartrate", "heart rate", HEARTRATE_ZONES, HEARTRATE_PALETTE, 140),
    )
)
_OF_EVERY_SPORT = (
    _Measure(
        "intensity",
        "heart rate",
        tuple(f"heartrate_{word}_s" for word in _THIRDS),
        ("Easy", "Moderate", "Hard"),
        ("zone2", "zone4", "zone6"),
        200,
        easy_zones=1,
        hard="above the heart rate at threshold",
    ),
)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - hours have no length
    """The section from `power_profile_progress`, or of every sport where no ride has power zones.

    It is None where the power curve says already what is missing.
    """
    quarters, weeks_of_every_sport = _by_period(figures.rows("intensity_distribution"))
    power_weeks = _last_year(figures.rows("power_profile_progress"))
    for weeks, possible, note in (
        (power_weeks, _OF_POWER_RIDES, _NOTE),
        (_last_year(weeks_of_every_sport), _OF_EVERY_SPORT, _NOTE_WITHOUT_POWER),
    ):
        if measures := [measure for measure in possible if any(measure.seconds(weeks))]:
            return _section(weeks, measures, quarters, note)
    return Section("zones", _TOPIC, _MISSING) if any(week["stream_rides"] for week in power_weeks) else None


def _by_period(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """The quarters in which hours are known, and weeks named as in `power_profile_progress`."""
    quarters = [row for row in _with_any(rows, _HOURS) if row["period_kind"] == "quarter"]
    return quarters, [row | {"week": row["period_start"]} for row in rows if row["period_kind"] == "week"]


def _last_year(weeks: list[Row]) -> list[Row]:
    return [week for week in weeks if week["week"] > weeks[-1]["week"] - _CHART_SPAN]


def _section(weeks: list[Row], measures: list[_Measure], quarters: list[Row], note: str) -> Section:
    finding = _finding(weeks, measures[0])
    charts = [
        Chart(
            f"zones-{measure.key}",
            f"By {measure.words}, share of each week's time",
            f"Shares of {len(measure.names)} zones in each week of the last year. {finding}",
            _bars(measure, weeks[-1]["week"]),
            legend=tuple(zip(measure.names, measure.palette, strict=True)),
            days=7,
        )
        for measure in measures
    ]
    data = {f"zones-{measure.key}": _points(weeks, measure) for measure in measures}
    tables = [_table(weeks, measure) for measure in measures]
    # An index of zero is one: nothing hard. With more hard than easy time there is none, and the hours stand.
    indexed = _with_any(quarters, _LEGEND)
    if indexed:
        charts.append(
            Chart(
                "zones-polarization",
                "Polarization index by quarter",
                "Polarization index of each quarter; above 2 training is polarized.",
                _polarization(),
                legend=tuple(entry for field, entry in _LEGEND.items() if _with_any(indexed, (field,))),
            )
        )
        data["zones-polarization"] = [_quarter(row) for row in indexed]
        tables.append(_quarters(quarters))
    return Section(
        "zones",
        _TOPIC,
        finding,
        charts,
        data,
        tables,
        note + (_INDEX if indexed else ""),
        short="Zones",
        width="narrow",
    )


def _with_any(rows: list[Row], fields: Iterable[str]) -> list[Row]:
    """The rows in which one of the fields is known."""
    return [row for row in rows if any(row[field] is not None for field in fields)]


def _quarter(row: Row) -> dict[str, Any]:
    return without_nulls(
        {
            "q": f"Q{(row['period_start'].month + 2) // 3} {row['period_start'].year}",
            "p": rounded(row["power_polarization"], 2),
            "h": rounded(row["heartrate_polarization"], 2),
        }
    )


def _polarization() -> Spec:
    limit = {"type": "rule", "strokeDash": [4, 3], "color": color("faint")}
    entries = tooltip(("q", "Quarter"), ("p", "By power", ".2f"), ("h", "By heart rate", ".2f"))
    return plot(
        "zones-polarization",
        {
            "field": "q",
            "type": "ordinal",
            "sort": None,
            "axis": {"title": None, "labelOverlap": "greedy", "labelAngle": 0},
        },
        values(lines=4),
        {"mark": limit, "encoding": {"x": None, "y": {"datum": _POLARIZED}}},
        line("h", "second", 1.5, point={"filled": True, "size": 30, "color": color("second")}),
        line("p", "accent", 2.25, point={"filled": True, "size": 40, "color": color("accent")}),
        height=110,
        tooltip=entries,
    )


def _quarters(quarters: list[Row]) -> Table:
    return table_of(
        "Easy, moderate and hard by quarter, hours, the latest first",
        reversed(quarters),
        {
            "Quarter": lambda row: str(_quarter(row)["q"]),
            **{
                f"{word.capitalize()}, {name}": numbers(f"{key}_{word}_s", 1, hours)
                for key, name in (("power", "power"), ("heartrate", "heart rate"))
                for word in _THIRDS
            },
            "Index, power": numbers("power_polarization", 2),
            "Index, heart rate": numbers("heartrate_polarization", 2),
        },
    )


def _finding(weeks: list[Row], measure: _Measure) -> str:
    period, seconds = f"the last {_RECENT_WEEKS} weeks", measure.seconds(weeks[-_RECENT_WEEKS:])
    if not any(seconds):
        period, seconds = "the last year", measure.seconds(weeks)
    total = sum(seconds)
    easy, hard = (
        quantity(100 * sum(zones) / total, "%")
        for zones in (seconds[: measure.easy_zones], seconds[measure.easy_zones + 1 :])
    )
    return f"Of {compact_hours(total)} in {period}, {easy} were easy and {hard} {measure.hard}."


def _points(weeks: list[Row], measure: _Measure) -> Points:
    """Zone by zone, so that a drawing needs one path for each."""
    return [
        {"w": str(week["week"]), "z": str(zone), "h": rounded(hours(week[field]), 2)}
        for zone, field in enumerate(measure.fields, 1)
        for week in weeks
        if week[field]
    ]


def _bars(measure: _Measure, until: date) -> Spec:
    zones = [str(zone) for zone in range(1, len(measure.names) + 1)]
    chart = stacked_weeks(
        f"zones-{measure.key}",
        days(span(until - _CHART_SPAN, until), zooms=True),
        ("z", color_scale(zones, measure.palette)),
        "z",
        height=measure.height,
        tooltip=tooltip(("w", "Week of", "%-d %b %Y"), ("n", "Zone"), ("h", "Hours", ".2f")),
        as_shares=True,
        stroke=color("card"),
        strokeWidth=0.5,
    )
    chart["transform"].append({"calculate": f"{list(measure.names)}[toNumber(datum.z) - 1]", "as": "n"})
    return chart


def _table(weeks: list[Row], measure: _Measure) -> Table:
    columns = zip(measure.names, measure.fields, strict=True)
    return table_of(
        f"Hours by {measure.words} zone and week, the latest first",
        reversed(weeks),
        {"Week of": week_of} | {name: numbers(field, 1, hours) for name, field in columns},
    )
