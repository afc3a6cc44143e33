"""Time in zones: hours of each week of the last year by power and by heart rate."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.report.charts import color_scale, days, span, stacked_weeks, tooltip
from strava_assets.report.number_format import compact_hours, hours, quantity, rounded
from strava_assets.report.section import Chart, Points, Section, Table, numbers, table_of, week_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from datetime import date

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Time in zones"
_CHART_SPAN = timedelta(weeks=52)
_RECENT_WEEKS = 12
_EASY_ZONES = 2
_NOTE = (
    "Of the rides whose seconds are known. Power zones end at 55, 75, 90, 105, 120 and 150 % of the FTP of "
    "the ride's day, heart-rate zones at 68, 83, 94 and 105 % of the threshold heart rate."
)
_MISSING = (
    "Zones need your threshold power, or your threshold heart rate, with the days from which they hold. "
    "Write them into the athlete file and refresh."
)


class _Measure(NamedTuple):
    key: str
    words: str
    names: tuple[str, ...]
    palette: tuple[str, ...]
    height: int

    def seconds(self, weeks: list[Row]) -> list[int]:
        """Seconds in each zone, of all weeks."""
        return [sum(week[field] or 0 for week in weeks) for field in self.fields]

    @property
    def fields(self) -> list[str]:
        return [f"{self.key}_zone_{zone}_s" for zone in range(1, len(self.names) + 1)]


_MEASURES = (
    _Measure(
        "power",
        "power",
        ("1 Recovery", "2 Endurance", "3 Tempo", "4 Threshold", "5 VO\u2082max", "6 Anaerobic", "7 Sprint"),
        tuple(f"zone{zone}" for zone in range(1, 8)),
        200,
    ),
    _Measure(
        "heartrate",
        "heart rate",
        ("1 Recovery", "2 Endurance", "3 Tempo", "4 Threshold", "5 Above"),
        # The same shade is about as hard as in the seven zones of power.
        ("zone1", "zone2", "zone3", "zone4", "zone6"),
        140,
    ),
)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - hours have no length
    """The section from `power_profile_progress`; None where the power curve says already what is missing."""
    weeks = figures.rows("power_profile_progress")
    weeks = [week for week in weeks if week["week"] > weeks[-1]["week"] - _CHART_SPAN]
    measures = [measure for measure in _MEASURES if any(measure.seconds(weeks))]
    if not measures:
        return Section("zones", _TOPIC, _MISSING) if any(week["stream_rides"] for week in weeks) else None
    finding = _finding(weeks, measures[0])
    return Section(
        "zones",
        _TOPIC,
        finding,
        [
            Chart(
                f"zones-{measure.key}",
                f"By {measure.words}, hours a week",
                f"Hours of each week of the last year in {len(measure.names)} zones. {finding}",
                _bars(measure, weeks[-1]["week"]),
                legend=tuple(zip(measure.names, measure.palette, strict=True)),
            )
            for measure in measures
        ],
        {f"zones-{measure.key}": _points(weeks, measure) for measure in measures},
        [_table(weeks, measure) for measure in measures],
        _NOTE,
        short="Zones",
    )


def _finding(weeks: list[Row], measure: _Measure) -> str:
    period, seconds = f"the last {_RECENT_WEEKS} weeks", measure.seconds(weeks[-_RECENT_WEEKS:])
    if not any(seconds):
        period, seconds = "the last year", measure.seconds(weeks)
    total = sum(seconds)
    easy, hard = (
        quantity(100 * sum(zones) / total, "%")
        for zones in (seconds[:_EASY_ZONES], seconds[_EASY_ZONES + 1 :])
    )
    return f"Of {compact_hours(total)} in {period}, {easy} were easy and {hard} at threshold or above."


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
        days(span(until - _CHART_SPAN, until)),
        ("z", color_scale(zones, measure.palette)),
        "z",
        height=measure.height,
        tooltip=tooltip(("w", "Week of", "%-d %b %Y"), ("n", "Zone"), ("h", "Hours", ".2f")),
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
