"""Time in zones: hours of each week of the last year by power and by heart rate."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import compact_hours, day, hours, number, quantity, rounded
from strava_assets.report.sections.drawing import (
    WIDTHS,
    colours,
    named_rows,
    span,
    spec,
    time_axis,
    value_axis,
    week_bars,
)
from strava_assets.report.sections.parts import Chart, Points, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Time in zones"
_SHOWN = timedelta(weeks=52)
_LATELY = 12
_EASY = 2
_POWER = ("Recovery", "Endurance", "Tempo", "Threshold", "VO\u2082max", "Anaerobic", "Sprint")
_HEARTRATE = ("Recovery", "Endurance", "Tempo", "Threshold", "Above")
_NOTE = (
    "Of the rides whose seconds are known. Power zones end at 55, 75, 90, 105, 120 and 150 % of the FTP of "
    "the ride's day, heart-rate zones at 68, 83, 94 and 105 % of the threshold heart rate."
)
_WANTING = (
    "Zones need your threshold power, or your threshold heart rate, with the days from which they hold. "
    "Write them into the athlete file and refresh."
)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - hours have no length
    """The section from `power_profile_progress`; None where the power curve says already what is missing."""
    weeks = figures.rows("power_profile_progress")
    weeks = [week for week in weeks if week["week"] > weeks[-1]["week"] - _SHOWN]
    measures = [
        (kind, title, names, height)
        for kind, title, names, height in (
            ("power", "By power, hours a week", _POWER, 200),
            ("heartrate", "By heart rate, hours a week", _HEARTRATE, 140),
        )
        if any(_spent(weeks, kind, names))
    ]
    if not measures:
        known = any(week["stream_rides"] for week in weeks)
        return Section("zones", _TOPIC, _WANTING) if known else None
    finding = _finding(weeks, measures[0][0], measures[0][2])
    return Section(
        "zones",
        _TOPIC,
        finding,
        [
            Chart(
                f"zones-{kind}",
                title,
                f"Hours of each week of the last year in {len(names)} zones. {finding}",
                spec(_bars(kind, names, weeks[-1]["week"], height)),
                legend=tuple(zip(_named(names), _palette(names), strict=True)),
            )
            for kind, title, names, height in measures
        ],
        {f"zones-{kind}": _points(weeks, kind, names) for kind, _, names, _ in measures},
        [_table(weeks, kind, names) for kind, _, names, _ in measures],
        _NOTE,
        short="Zones",
    )


def _named(names: Sequence[str]) -> list[str]:
    return [f"{zone} {name}" for zone, name in enumerate(names, 1)]


def _palette(names: Sequence[str]) -> list[str]:
    """Five zones take every other step of seven, so that the same shade is about as hard."""
    return [f"zone{zone}" for zone in (range(1, 8) if len(names) > 5 else (1, 2, 3, 4, 6))]


def _spent(weeks: list[Row], kind: str, names: Sequence[str]) -> list[int]:
    """Seconds in each zone, of all weeks."""
    return [sum(week[f"{kind}_zone_{zone}_s"] or 0 for week in weeks) for zone in range(1, len(names) + 1)]


def _finding(weeks: list[Row], kind: str, names: Sequence[str]) -> str:
    lately, spent = f"the last {_LATELY} weeks", _spent(weeks[-_LATELY:], kind, names)
    if not any(spent):
        lately, spent = "the last year", _spent(weeks, kind, names)
    total = sum(spent)
    easy, hard = (quantity(100 * sum(part) / total, "%") for part in (spent[:_EASY], spent[_EASY + 1 :]))
    return f"Of {compact_hours(total)} in {lately}, {easy} were easy and {hard} at threshold or above."


def _points(weeks: list[Row], kind: str, names: Sequence[str]) -> Points:
    """Zone by zone, so that a still drawing needs one path for each."""
    return [
        {"w": str(week["week"]), "z": str(zone), "h": rounded(hours(week[field]), 2)}
        for zone, field in ((zone, f"{kind}_zone_{zone}_s") for zone in range(1, len(names) + 1))
        for week in weeks
        if week[field]
    ]


def _bars(kind: str, names: Sequence[str], until: date, height: int) -> Any:
    import altair as alt

    zones = [str(zone) for zone in range(1, len(names) + 1)]
    return (
        week_bars(alt.Chart(named_rows(f"zones-{kind}")))
        .transform_calculate(n=f"{_named(names)}[toNumber(datum.z) - 1]")
        .transform_stack(stack="h", groupby=["w"], sort=[alt.SortField("z")], as_=["low", "high"])
        .mark_bar(stroke=ink("card"), strokeWidth=0.5)
        .encode(
            alt.X("s:T", scale=alt.Scale(domain=span(until - _SHOWN, until)), axis=time_axis()),
            alt.X2("e:T"),
            alt.Y("low:Q", axis=value_axis(tickCount=4)),
            alt.Y2("high:Q"),
            alt.Color("z:N", scale=colours(zones, _palette(names)), legend=None),
            tooltip=[
                alt.Tooltip("w:T", title="Week of", format="%-d %b %Y"),
                alt.Tooltip("n:N", title="Zone"),
                alt.Tooltip("h:Q", title="Hours", format=".2f"),
            ],
        )
        .properties(width=WIDTHS["full"], height=height)
    )


def _table(weeks: list[Row], kind: str, names: Sequence[str]) -> Table:
    told = "power" if kind == "power" else "heart rate"
    return Table(
        f"Hours by {told} zone and week, the latest first",
        ("Week of", *_named(names)),
        [
            (
                day(week["week"]) + (" (running)" if week["is_partial"] else ""),
                *(number(hours(week[f"{kind}_zone_{zone}_s"]), 1) for zone in range(1, len(names) + 1)),
            )
            for week in reversed(weeks)
        ],
    )
