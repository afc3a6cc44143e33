"""The Eddington number: E days with E kilometres (or miles) or more, how it grew, what the next one needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.report.numbers import NBSP, counted, day, number
from strava_assets.report.sections.drawing import WIDTHS, named_rows, spec, time_axis, value_axis
from strava_assets.report.sections.parts import Chart, Points, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Eddington number"
_AHEAD = 10
_MONTHS_UP_TO = 2


def build(figures: Figures, units: Units) -> Section:
    """The section from `eddington`."""
    rows = [row for row in figures.rows("eddington") if row["unit"] == units.distance]
    now = rows[0]["eddington_number"] if rows else 0
    if not now:
        return Section("eddington", _TOPIC, f"No day with a {units.distance} yet; the first one makes it 1.")
    finding, grown = _finding(rows, now, units), _grown(rows)
    return Section(
        "eddington",
        _TOPIC,
        finding,
        [
            Chart(
                "eddington-growth",
                "The number over time",
                f"The Eddington number since the first ride. {finding}",
                spec(_growth(years=len({row["w"][:4] for row in grown}) > _MONTHS_UP_TO)),
                share="half",
            ),
            Chart(
                "eddington-ahead",
                "Days missing for the next numbers",
                f"Days still missing for each number above {now}; they are in the table.",
                spec(_ahead(units)),
                share="half",
            ),
        ],
        {"eddington": grown, "eddington-ahead": _missing(rows, now)},
        [_table(rows, now, units)],
        short="Eddington",
    )


def _finding(rows: list[Row], now: int, units: Units) -> str:
    text = f"{now}: on {counted(now, 'day')} you rode {now}{NBSP}{units.distance} or more"
    following = next((row for row in rows if row["number"] == now + 1), None)
    if following is None:
        return text + "."
    missing = following["days_missing"]
    more = "one more day" if missing == 1 else f"{missing} more days"
    verb = "makes" if missing == 1 else "make"
    return f"{text}; {more} of {now + 1}{NBSP}{units.distance} {verb} it {now + 1}."


def _grown(rows: list[Row]) -> Points:
    reached: dict[object, Row] = {row["reached_on"]: row for row in rows if row["reached_on"] is not None}
    points = [{"w": str(row["reached_on"]), "e": row["number"]} for row in reached.values()]
    return sorted(points, key=lambda point: str(point["w"]))


def _missing(rows: list[Row], now: int) -> Points:
    return [
        {"e": row["number"], "m": row["days_missing"]} for row in rows if now < row["number"] <= now + _AHEAD
    ]


def _growth(*, years: bool) -> Any:
    import altair as alt

    base = alt.Chart(named_rows("eddington")).encode(
        alt.X("w:T", axis=time_axis(years=years)), alt.Y("e:Q", axis=value_axis())
    )
    return alt.layer(
        base.mark_line(interpolate="step-after", color=ink("accent"), strokeWidth=2.25),
        base.mark_point(size=60, opacity=0, filled=True).encode(
            tooltip=[
                alt.Tooltip("e:Q", title="Number"),
                alt.Tooltip("w:T", title="Reached on", format="%-d %b %Y"),
            ]
        ),
    ).properties(width=WIDTHS["half"], height=180)


def _ahead(units: Units) -> Any:
    import altair as alt

    return (
        alt.Chart(named_rows("eddington-ahead"))
        .mark_bar(color=ink("bar"))
        .encode(
            alt.X("e:O", axis=alt.Axis(title=None, labelAngle=0)),
            alt.Y("m:Q", axis=value_axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("e:O", title="Number"),
                alt.Tooltip("m:Q", title=f"Days missing, {units.distance}"),
            ],
        )
        .properties(width=WIDTHS["half"], height=180)
    )


def _table(rows: list[Row], now: int, units: Units) -> Table:
    return Table(
        "Eddington numbers, the next ones first",
        ("Number", f"Days of so many {units.distance} so far", "Days missing", "Reached on"),
        [
            (number(row["number"]), number(row["days"]), number(row["days_missing"]), day(row["reached_on"]))
            for row in reversed(rows)
            if row["number"] <= now + _AHEAD
        ],
    )
