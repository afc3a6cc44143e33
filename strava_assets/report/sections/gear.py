"""Gear: how far each bike and each pair of shoes has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.numbers import day, hours, number, quantity, rounded
from strava_assets.report.sections.drawing import WIDTHS, named_rows, spec, value_axis
from strava_assets.report.sections.parts import Chart, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Gear"
_SHOWN = 10


def build(figures: Figures, units: Units) -> Section:
    """The section from `gear_use`."""
    gear = [row for row in figures.rows("gear_use") if row["kind"] != "none"]
    if not gear:
        return Section(
            "gear", _TOPIC, "No activity names a bike or shoes yet; choose one on Strava and it appears here."
        )
    points = [
        {
            "g": _name(row),
            "d": rounded(units.far(row["distance_m"]), 0),
            "r": rounded(units.far(row["distance_90d_m"]), 0),
            "n": row["activities"],
        }
        for row in gear[:_SHOWN]
    ]
    finding = _finding(gear, units)
    title = f"Distance, {units.distance}"
    return Section(
        "gear",
        _TOPIC,
        finding,
        [
            Chart(
                "gear",
                title,
                f"{title} by piece of gear. {finding}",
                spec(_bars(len(points), title)),
                legend=(("All time", "bar"), ("Last 90 days", "accent")),
            )
        ],
        {"gear": points},
        [_table(gear, units)],
        "Strava sends gear by its id; distances are summed from the activities that name it.",
    )


def _name(row: Row) -> str:
    noun = {"bike": "Bike", "shoes": "Shoes"}.get(row["kind"], "Gear")
    return f"{noun} {row['gear_id']}"


def _finding(gear: list[Row], units: Units) -> str:
    most, recent = gear[0], max(gear, key=lambda row: (row["distance_90d_m"], row["gear_id"]))
    text = f"{_name(most)} has come {quantity(units.far(most['distance_m']), units.distance)}"
    if not recent["distance_90d_m"]:
        return text + "; nothing was used in the last 90 days."
    far = quantity(units.far(recent["distance_90d_m"]), units.distance)
    if recent is most:
        return f"{text}, {far} of it in the last 90 days."
    return f"{text}; of late {_name(recent)} leads, with {far} in 90 days."


def _bars(count: int, title: str) -> alt.TopLevelMixin:
    import altair as alt

    base = alt.Chart(named_rows("gear")).encode(
        alt.Y("g:N", sort=None, axis=alt.Axis(title=None, labelLimit=130, grid=False)),
        tooltip=[
            alt.Tooltip("g:N", title="Gear"),
            alt.Tooltip("d:Q", title=title, format=",.0f"),
            alt.Tooltip("r:Q", title="Last 90 days", format=",.0f"),
            alt.Tooltip("n:Q", title="Activities", format=",.0f"),
        ],
    )
    along = value_axis(grid=True)
    return alt.layer(
        base.mark_bar(color=ink("bar"), height={"band": 0.62}).encode(alt.X("d:Q", axis=along, stack=False)),
        base.mark_bar(color=ink("accent"), height={"band": 0.62}).encode(alt.X("r:Q", stack=False)),
    ).properties(width=WIDTHS["full"], height=26 * count)


def _table(gear: list[Row], units: Units) -> Table:
    return Table(
        "Gear, the most distance first",
        (
            "Gear",
            "Used most for",
            "Activities",
            "Hours",
            f"Distance {units.distance}",
            f"Last 90 days {units.distance}",
            "Average W",
            "First used",
            "Last used",
        ),
        [
            (
                _name(row),
                row["main_sport_type"] or "",
                number(row["activities"]),
                number(hours(row["moving_time_s"])),
                number(units.far(row["distance_m"])),
                number(units.far(row["distance_90d_m"])),
                number(row["average_watts"]),
                day(row["first_used_on"]),
                day(row["last_used_on"]),
            )
            for row in gear
        ],
        words=frozenset({0, 1}),
    )
