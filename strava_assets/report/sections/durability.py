"""Durability: what is left of the best power after work, by duration, this season."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import color_scale, nominal, plot, tooltip, values
from strava_assets.report.number_format import counted, effort_duration, number, quantity, rounded
from strava_assets.report.section import Chart, Section, numbers, ride_link, table_of

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Table

_TOPIC = "Durability"
_DURATIONS_S = (60, 300, 1200)
_PALETTE = ("year3", "year1", "year2")
_LANDMARK = (1000, 300)
_FEWEST_RIDES = 3


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - watts have no length
    """The section from `durability`; None without an effort late in a ride or while many are to come."""
    rows = [
        row
        for row in figures.rows("durability")
        if row["work_basis"] == "kj" and row["duration_s"] in _DURATIONS_S
    ]
    if not rows or figures.rides_so_far:
        return None
    season = max(row["season"] for row in rows)
    rows = [row for row in rows if row["season"] == season]
    durations = [seconds for seconds in _DURATIONS_S if any(row["duration_s"] == seconds for row in rows)]
    legend = tuple((effort_duration(seconds), _PALETTE[_DURATIONS_S.index(seconds)]) for seconds in durations)
    return Section(
        "durability",
        _TOPIC,
        _finding(rows, season),
        [
            Chart(
                "durability",
                f"Best power of {season} that began after so much work, W",
                f"Best power by the work done before it, {season}. {_finding(rows, season)}",
                _lines([name for name, _ in legend], [shade for _, shade in legend]),
                legend=legend,
            )
        ],
        {"durability": _points(rows)},
        [replace(_table(rows), words=frozenset({0}))],
        "Efforts late in a ride are seldom all-out, so the loss is an upper limit; the table says how many "
        "rides each value rests on.",
        width="narrow",
    )


def _finding(rows: list[Row], season: int) -> str:
    work, seconds = _LANDMARK
    row = min(
        rows,
        key=lambda row: (
            row["rides"] < _FEWEST_RIDES,
            abs(row["duration_s"] - seconds),
            abs(row["after_work"] - work),
        ),
    )
    lasted = effort_duration(row["duration_s"])
    text = (
        f"After {quantity(row['after_work'], 'kJ')} the best {lasted} of {season} is "
        f"{quantity(row['watts'], 'W')}"
    )
    loss = number(abs(row["loss_pct"])) if row["loss_pct"] >= 0.5 else ""
    return f"{text}, {loss}\u00a0% below fresh." if loss else f"{text}, as good as fresh."


def _points(rows: list[Row]) -> list[dict[str, Any]]:
    fresh = {row["duration_s"]: row["fresh_watts"] for row in rows}
    points = [
        {"k": 0, "d": effort_duration(seconds), "p": rounded(watts), "l": 0}
        for seconds, watts in fresh.items()
    ]
    points += [
        {
            "k": row["after_work"],
            "d": effort_duration(row["duration_s"]),
            "p": rounded(row["watts"]),
            "l": rounded(row["loss_pct"]),
            "n": row["rides"],
        }
        for row in rows
        # One or two rides that ended soon after so much work say nothing.
        if row["rides"] >= _FEWEST_RIDES
    ]
    return sorted(points, key=lambda point: (point["d"], point["k"]))


def _lines(names: list[str], palette: list[str]) -> Spec:
    shade = nominal("d", color_scale(names, palette))
    return plot(
        "durability",
        {
            "field": "k",
            "type": "quantitative",
            "axis": {"title": "kJ of work before", "format": ",.0f", "tickCount": 6},
        },
        values(zero=False, padding=14) | {"field": "p"},
        {"mark": {"type": "line", "strokeWidth": 2.25}, "encoding": {"color": shade}},
        {"mark": {"type": "point", "filled": True, "size": 46, "opacity": 1}, "encoding": {"color": shade}},
        height=200,
        tooltip=tooltip(
            ("d", "Held for"),
            ("k", "After kJ", ",.0f"),
            ("p", "Power W", ".0f"),
            ("l", "Below fresh %", ".0f"),
            ("n", "Rides"),
        ),
    )


def _table(rows: list[Row]) -> Table:
    return table_of(
        f"Best power late in rides: {counted(len(rows), 'value')}",
        sorted(rows, key=lambda row: (row["duration_s"], row["after_work"])),
        {
            "Held for": lambda row: effort_duration(row["duration_s"]),
            "After kJ": numbers("after_work"),
            "Best W": lambda row: ride_link(row["activity_id"], number(row["watts"])),
            "Fresh W": numbers("fresh_watts"),
            "Below fresh %": numbers("loss_pct"),
            "Rides": numbers("rides"),
        },
    )
