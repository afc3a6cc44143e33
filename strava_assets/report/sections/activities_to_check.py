"""Tables of activities that deserve a look: suspicious ones, and rides whose seconds overrule their summary.

They stand in the section on data quality.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strava_assets.report.number_format import day, number
from strava_assets.report.section import Table, numbers, ride_link, short_name, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Cell

_MOST_ROWS = 50
_REASONS = {
    "two_sports_at_once": "recorded under two sports at once; both count",
    "clock_hours_off": "the same again, whole hours later; both count",
    "date_in_the_future": "dated in the future; left out",
    "date_before_recorders": "dated before 1990; left out",
    "power_spikes": "spikes of the power meter",
    "power_missing": "power missing",
    "summary_contradicted": "its seconds contradict its summary; the seconds count",
    "longer_than_its_seconds": "longer in motion than recorded",
}
_WHY = {
    "work_missing": "the summary has no work",
    "weighted_power_missing": "the summary has no weighted power",
    "work_differs": "the work differs",
    "weighted_power_differs": "the weighted power differs",
}


def tables(figures: Figures) -> list[Table]:
    """The tables that have rows, the newest activities first, each with its number of activities."""
    suspicious, overruled = figures.rows("suspicious_activities"), figures.overruled
    answer = []
    if suspicious:
        answer.append(
            _table(
                frozenset(range(4)),
                _caption("Activities worth a look", suspicious),
                suspicious[:_MOST_ROWS],
                {
                    "Activity": _activity,
                    "Why": lambda row: _REASONS[row["reason"]],
                    "Found": lambda row: row["detail"] or "",
                    "The other one": _other,
                },
            )
        )
    if overruled:
        answer.append(
            _table(
                frozenset({0, 1}),
                _caption("Rides whose power is from their seconds", overruled),
                overruled[:_MOST_ROWS],
                {
                    "Ride": _activity,
                    "Why": lambda row: _WHY[row["figures_reason"]],
                    "Work kJ, summary": numbers("summary_work_kj"),
                    "Seconds": numbers("seconds_work_kj"),
                    "Weighted W, summary": numbers("summary_weighted_watts"),
                    "Seconds (xPower)": numbers("seconds_weighted_watts"),
                    "Load": numbers("training_load"),
                },
            )
        )
    return answer


def _table(
    words: frozenset[int], caption: str, rows: list[Row], columns: Mapping[str, Callable[[Row], Cell]]
) -> Table:
    return replace(table_of(caption, rows, columns), words=words)


def _caption(text: str, rows: list[Row]) -> str:
    suffix = (
        f", the newest {_MOST_ROWS} of {number(len(rows))}"
        if len(rows) > _MOST_ROWS
        else f": {number(len(rows))}"
    )
    return text + suffix


def _activity(row: Row) -> Cell:
    return ride_link(row["activity_id"], f"{short_name(row)}, {day(row['activity_date'])}")


def _other(row: Row) -> Cell:
    if row["other_activity_id"] is None:
        return ""
    return ride_link(row["other_activity_id"], row["other_sport_type"] or "activity")
