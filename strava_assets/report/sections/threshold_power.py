"""Threshold power over time: FTP as estimated from the best twenty minutes, critical power and W prime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strava_assets.report.charts import days, dots, line, plot, span, tooltip, values
from strava_assets.report.number_format import compared, counted, day, number, quantity, rounded
from strava_assets.report.section import (
    Chart,
    Points,
    Section,
    Table,
    numbers,
    ride_link,
    short_name,
    table_of,
    week_of,
    without_nulls,
)

if TYPE_CHECKING:
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Critical power and estimated FTP"
_YEAR_WEEKS = 52
_EFFORTS = 6
_FRESH_DAYS = 28
_LATEST_EFFORTS = 12
_QUALITY = {
    "good": "good",
    "few_points": "too few efforts",
    "narrow": "no short or no long effort",
    "one_day": "efforts of one day",
    "implausible": "implausible",
    "uncertain": "too uncertain",
    "submaximal": "efforts not hard enough",
}
_NOTE = (
    "Estimated FTP is 95 % of the best 20 minutes of a ride: an estimate, as good as the effort. It stays "
    "until another effort supports a new one. Critical power is the level of the line through the best "
    "efforts of two to twenty minutes of six weeks, W\u2032 the work that can be done above it."
)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - watts have no length
    """The section from `power_profile_progress`; None where the power curve says already what is missing."""
    weeks = figures.rows("power_profile_progress")
    if not any(week["estimated_ftp_w"] or week["critical_power_w"] for week in weeks):
        missing = "Neither is known yet: they need efforts of two to twenty minutes with a power meter."
        return Section("threshold", _TOPIC, missing) if figures.rows("power_curve") else None
    weeks = weeks[next(index for index, week in enumerate(weeks) if week["stream_rides"]) :]
    finding = _finding(weeks, is_complete=figures.rides_so_far is None)
    efforts = figures.rows("ftp_estimates")
    x = days(span(weeks[0]["week"], weeks[-1]["week"]), zooms=True)
    entries = tooltip(
        ("w", "Week of", "%-d %b %Y"),
        ("f", "Estimated FTP W", ".0f"),
        ("c", "Critical power W", ".0f"),
        ("k", "W\u2032 kJ", ".1f"),
        ("q", "Fit"),
        ("r", "Fit r\u00b2", ".2f"),
        ("n", "Efforts of six"),
    )
    charts = [
        Chart(
            "threshold-watts",
            "Estimated FTP and critical power, W",
            f"Both by week, {day(weeks[0]['week'])} to {day(weeks[-1]['week'])}. {finding}",
            plot(
                "threshold",
                x,
                values(zero=False),
                line("c", "second", 1.75),
                dots("c", "second", 16, where="o"),
                line("f", "accent", 2.75),
                height=210,
                tooltip=entries,
                hover=6,
            ),
            legend=(("Estimated FTP", "accent"), ("Critical power, 6 weeks", "second")),
        )
    ]
    if any(week["w_prime_kj"] for week in weeks):
        charts.append(
            Chart(
                "threshold-work",
                "W\u2032, kJ above critical power",
                "The work above critical power by week, from the same fits.",
                plot(
                    "threshold",
                    x,
                    values(lines=3),
                    line("k", "second", 1.75),
                    dots("k", "second", 16, where="o"),
                    height=80,
                    tooltip=entries,
                    hover=6,
                ),
            )
        )
    return Section(
        "threshold",
        _TOPIC,
        finding + _proposal(efforts),
        charts,
        {"threshold": _points(weeks)},
        [_table(weeks), *_efforts(efforts)],
        _NOTE + _fits(weeks),
        short="Threshold",
        width="narrow",
    )


def _finding(weeks: list[Row], *, is_complete: bool) -> str:
    index = next((at for at in reversed(range(len(weeks))) if weeks[at]["estimated_ftp_w"]), None)
    if index is None:
        return "Critical power is known; FTP cannot be estimated without an effort of twenty minutes."
    now = weeks[index]
    watts = quantity(now["estimated_ftp_w"], "W")
    if index < len(weeks) - 1:
        return f"The last estimate of FTP, {watts}, is from the week of {day(now['week'])}."
    text = f"FTP is estimated at {watts}"
    before = weeks[index - _YEAR_WEEKS]["estimated_ftp_w"] if index >= _YEAR_WEEKS else None
    if now["estimated_ftp_age_days"] > _FRESH_DAYS:
        text += f" from an effort {counted(now['estimated_ftp_age_days'], 'day')} ago"
    if before is not None and is_complete:
        change = now["estimated_ftp_w"] - before
        text += f", {compared(change, quantity(abs(change), 'W'), than='a year ago')}"
    fitted = next((week for week in reversed(weeks) if week["critical_power_w"]), None)
    if fitted is None:
        return text + "; these efforts do not determine critical power."
    watts = quantity(fitted["critical_power_w"], "W")
    if fitted is now:
        return f"{text}; critical power is {watts}."
    return f"{text}; critical power was {watts} in the week of {day(fitted['week'])}."


def _proposal(efforts: list[Row]) -> str:
    """A change of the athlete's own FTP, with its evidence; nothing applies it."""
    if not efforts or efforts[0]["proposed_ftp_w"] is None:
        return ""
    newest = efforts[0]
    change = newest["proposed_ftp_w"] - newest["ftp_w"]
    side = "low" if change > 0 else "high"
    return (
        f" Your FTP of {quantity(newest['ftp_w'], 'W')} looks {quantity(abs(change), 'W')} {side} since "
        f"{day(newest['differs_since'])}: 20 minutes at {quantity(newest['best_1200s_w'], 'W')}. "
        "If you agree, write the new one into the athlete file."
    )


def _efforts(efforts: list[Row]) -> list[Table]:
    if not efforts:
        return []
    table = table_of(
        "Efforts that supported an estimate of FTP, the latest first",
        efforts[:_LATEST_EFFORTS],
        {
            "Ride": lambda row: ride_link(
                row["activity_id"], f"{short_name(row)}, {day(row['supported_on'])}"
            ),
            "20 minutes W": numbers("best_1200s_w"),
            "Estimated FTP W": numbers("estimated_ftp_w"),
            "Your FTP W": numbers("ftp_w"),
            "Age days": numbers("age_days"),
        },
    )
    return [table]


def _fits(weeks: list[Row]) -> str:
    recent = weeks[-_YEAR_WEEKS:]
    good = [week for week in recent if week["fit_quality"] == "good"]
    text = f" Of the last {counted(len(recent), 'week')} {number(len(good))} have a good fit"
    if good:
        explained = sorted(week["fit_r2"] for week in good)[len(good) // 2]
        text += f", whose line usually explains {quantity(100 * explained, '%')} of the differences"
    return text + "; where there is none, critical power is left out."


def _points(weeks: list[Row]) -> Points:
    points = [_point(week) for week in weeks]
    around: Points = [{}, *points, {}]
    for before, point, after in zip(around, points, around[2:], strict=False):
        # A week without a neighbor would be a line of no length; it becomes a dot.
        if "c" in point and "c" not in before and "c" not in after:
            point["o"] = 1
    return points


def _point(week: Row) -> dict[str, Any]:
    is_good = week["fit_quality"] == "good"
    return without_nulls(
        {
            "w": str(week["week"]),
            "f": rounded(week["estimated_ftp_w"]),
            "c": rounded(week["critical_power_w"]),
            "k": rounded(week["w_prime_kj"]),
            # The usual words would be a third of twenty years' rows.
            "q": None if is_good else _QUALITY.get(week["fit_quality"] or ""),
            "n": None if week["fit_points"] == _EFFORTS else week["fit_points"] or None,
            "r": rounded(week["fit_r2"], 2) if is_good else None,
        }
    )


def _table(weeks: list[Row]) -> Table:
    ends = {(week["week"].year, week["week"].month): week for week in weeks}
    table = table_of(
        "Estimates in the last week of each month, the latest first",
        reversed(ends.values()),
        {
            "Week of": week_of,
            "Estimated FTP W": numbers("estimated_ftp_w"),
            "Critical power W": numbers("critical_power_w"),
            "Error W": numbers("critical_power_error_w", 1),
            "W\u2032 kJ": numbers("w_prime_kj", 1),
            "Error kJ": numbers("w_prime_error_kj", 1),
            "Efforts of six": numbers("fit_points"),
            "r\u00b2": numbers("fit_r2", 2),
            "Fit": lambda week: _QUALITY.get(week["fit_quality"] or "", ""),
        },
    )
    return replace(table, words=frozenset({0, 8}))
