"""Training load: fitness, fatigue and form over the last year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.report.charts import bars, days, line, plot, tooltip, values
from strava_assets.report.number_format import day, number, rounded
from strava_assets.report.section import Chart, Section, Table, numbers, table_of
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "Training load"
_CHART_SPAN = timedelta(days=365)
_NOTE = (
    "An hour at threshold is 100 points. Fitness (CTL) and fatigue (ATL) are exponential means of the daily "
    "load over 42 and 7 days; form (TSB) is yesterday's fitness minus yesterday's fatigue."
)
_MISSING = (
    "No training load yet: it needs your threshold power, or your heart rates, with the days from which they "
    "hold. Write them into the athlete file and refresh."
)


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - load has no length
    """The section from `daily_load`."""
    load = figures.rows("daily_load")
    recent = [row for row in load if row["day"] > load[-1]["day"] - _CHART_SPAN]
    if not any(row["training_load"] for row in recent):
        return Section("load", _TOPIC, _MISSING)
    points = [
        {
            "w": str(row["day"]),
            "c": rounded(row["fitness_ctl"]),
            "a": rounded(row["fatigue_atl"]),
            "s": rounded(row["form_tsb"]),
            "l": rounded(row["training_load"], 0),
        }
        for row in recent
    ]
    period = f"{day(recent[0]['day'])} to {day(recent[-1]['day'])}"
    entries = tooltip(
        ("w", "Day", "%-d %b %Y"),
        ("l", "Load pts", ".0f"),
        ("c", "Fitness", ".1f"),
        ("a", "Fatigue", ".1f"),
        ("s", "Form", "+.1f"),
    )
    form = bars("s", "accent")
    tired = {"condition": {"test": "datum.s < 0", "value": color("second")}, "value": color("accent")}
    form["encoding"] |= {"x": {"field": "w"}, "color": tired}
    return Section(
        "load",
        _TOPIC,
        _finding(load),
        [
            Chart(
                "load-fitness",
                "Fitness and fatigue, points a day",
                f"Fitness and fatigue by day, {period}. {_finding(load)}",
                plot(
                    "load",
                    days(),
                    values(),
                    line("a", "second", 1.25),
                    line("c", "accent", 2.75),
                    height=200,
                    tooltip=entries,
                    hover=5,
                ),
                legend=(("Fitness, 42 days", "accent"), ("Fatigue, 7 days", "second")),
            ),
            Chart(
                "load-form",
                "Form, points",
                f"Form by day, {period}: above zero fresh, below zero tired.",
                plot(
                    "load",
                    days(),
                    values(lines=4),
                    form,
                    height=100,
                    tooltip=entries,
                    hover=5,
                    transform=[{"calculate": "time(toDate(datum.w)) + 64800000", "as": "e"}],
                ),
                legend=(("Fresh", "accent"), ("Tired", "second")),
            ),
        ],
        {"load": points},
        [_table(recent)],
        _NOTE + _coverage(recent),
        short="Load",
    )


def _finding(load: list[Row]) -> str:
    now, before = load[-1], load[max(0, len(load) - 29)]
    change = now["fitness_ctl"] - before["fitness_ctl"]
    moved = "unchanged" if abs(change) < 0.5 else f"{'up' if change > 0 else 'down'} {number(abs(change))}"
    form = now["form_tsb"]
    state = "fresh" if form > 5 else "tired" if form < -10 else "balanced"
    fitness = number(now["fitness_ctl"])
    text = f"Fitness stands at {fitness}, {moved} in four weeks; form is {number(form)}: {state}"
    return text + (", while the first weeks still settle." if now["is_warm_up"] else ".")


def _coverage(recent: list[Row]) -> str:
    without = sum(row["activities_without_load"] for row in recent)
    if not without:
        return ""
    total = sum(row["activities"] for row in recent)
    return f" Of {number(total)} activities shown, {number(without)} have no known load and add nothing."


def _table(recent: list[Row]) -> Table:
    weeks = [
        recent[index]
        | {"load_7d": sum(row["training_load"] for row in recent[max(0, index - 6) : index + 1])}
        for index in range(len(recent) - 1, -1, -7)
    ]
    return table_of(
        "Training load at the end of each week, the latest first",
        weeks,
        {
            "Day": lambda row: day(row["day"]),
            "Fitness (CTL)": numbers("fitness_ctl", 1),
            "Fatigue (ATL)": numbers("fatigue_atl", 1),
            "Form (TSB)": numbers("form_tsb", 1),
            "Load of 7 days": numbers("load_7d"),
        },
    )
