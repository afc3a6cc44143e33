"""Fitness and form over the last year, and the next two weeks at rest or riding as usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.report.charts import (
    bands,
    bars,
    color_scale,
    days,
    having,
    line,
    nominal,
    plot,
    tooltip,
    values,
)
from strava_assets.report.fitness_before import fitness_before, fitness_change
from strava_assets.report.load_projection import PROJECTED_DAYS, project, usual_loads
from strava_assets.report.number_format import counted, day, number, rounded, signed
from strava_assets.report.section import Chart, Section, Table, numbers, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.report.charts import Spec
    from strava_assets.report.load_projection import ProjectedDay
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Points

_TOPIC = "Fitness and form"
_CHART_SPAN = timedelta(days=365)
_NOTE = (
    "An hour at threshold is 100 points. Fitness (CTL) and fatigue (ATL) are exponential means of the daily "
    "load over 42 and 7 days; form (TSB) is yesterday's fitness minus yesterday's fatigue. Dashed: the next "
    "two weeks if you rest, or if each weekday brings the mean load of its last six."
)
_MISSING = (
    "No training load yet: it needs your threshold power, or your heart rates, with the days from which they "
    "hold. Write them into the athlete file and refresh."
)


class _Range(NamedTuple):
    name: str
    low: float
    high: float
    shade: str


_FORMS = (
    _Range("high risk", float("-inf"), -30, "warm"),
    _Range("optimal", -30, -10, "accent"),
    _Range("gray zone", -10, 5, "line"),
    _Range("fresh", 5, 20, "soft"),
    _Range("transition", 20, float("inf"), "zone5"),
)
"""Named ranges of form, as intervals.icu names them."""
_ROOM = 8


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - load has no length
    """The section from `daily_load`."""
    load, planned = figures.rows("daily_load"), figures.rows("planned_form")
    recent = [row for row in load if row["day"] > load[-1]["day"] - _CHART_SPAN]
    if not any(row["training_load"] for row in recent):
        return Section("load", _TOPIC, _MISSING)
    resting, riding = (project(load[-1], loads) for loads in ([0.0] * PROJECTED_DAYS, usual_loads(load)))
    period = f"{day(recent[0]['day'])} to {day(recent[-1]['day'])}"
    finding = _finding(load, resting, riding) + _goal(planned)
    return Section(
        "load",
        _TOPIC,
        finding,
        [
            Chart(
                "load-fitness",
                "Fitness and fatigue, points a day",
                f"Fitness and fatigue by day, {period}, and two weeks ahead. {finding}",
                _fitness(),
                legend=(("Fitness, 42 days", "accent"), ("Fatigue, 7 days", "second")),
                days=1,
            ),
            Chart("load-days", "Load, points", f"The load of each day, {period}.", _load(), days=1),
            Chart(
                "load-form",
                "Form, points",
                f"Form by day, {period}, and two weeks ahead, over its five ranges.",
                _form(),
                legend=(
                    ("Form", "text"),
                    ("as usual", "accent"),
                    ("at rest", "faint"),
                    *((("as planned", "warm"),) if planned else ()),
                ),
                days=1,
            ),
        ],
        {"load": _points(recent, resting, riding) + _planned_points(load[-1], planned)},
        [_table(recent), _projections(resting, riding), *_plan(planned)],
        _NOTE + _scale(figures.quality) + _start(recent) + _coverage(recent),
        short="Fitness",
        width="narrow",
        sports="together",
    )


def form_range(form: float) -> str:
    """The name of the range that a form lies in."""
    return next(each.name for each in _FORMS if form < each.high)


def _points(recent: list[Row], resting: Sequence[ProjectedDay], riding: Sequence[ProjectedDay]) -> Points:
    now = recent[-1]
    drawn: Points = [
        {
            "w": str(row["day"]),
            "c": rounded(row["fitness_ctl"]),
            "a": rounded(row["fatigue_atl"]),
            "s": rounded(row["form_tsb"]),
            "l": rounded(row["training_load"], 0),
        }
        for row in recent
    ]
    # The lines ahead begin where the others end.
    drawn[-1] |= {"cr": drawn[-1]["c"], "cu": drawn[-1]["c"], "sr": drawn[-1]["s"], "su": drawn[-1]["s"]}
    drawn += [
        {
            "w": str(rest.day),
            "cr": rounded(rest.fitness),
            "cu": rounded(ride.fitness),
            "sr": rounded(rest.form),
            "su": rounded(ride.form),
        }
        for rest, ride in zip(resting, riding, strict=True)
    ]
    forms = [row["form_tsb"] for row in recent] + [each.form for each in (*resting, *riding)]
    low, high = min(*forms, -30 - _ROOM), max(*forms, 20 + _ROOM)
    return [
        {
            "w": str(now["day"]),
            "z": each.name,
            "lo": rounded(max(each.low, low)),
            "hi": rounded(min(each.high, high)),
        }
        for each in _FORMS
    ] + drawn


def _planned_points(now: Row, planned: list[Row]) -> Points:
    """The plan's lines, which begin with today; none without a plan."""
    if not planned:
        return []
    begin = {"w": str(now["day"]), "cp": rounded(now["fitness_ctl"]), "sp": rounded(now["form_tsb"])}
    return [
        begin,
        *(
            {
                "w": str(row["day"]),
                "cp": rounded(row["projected_fitness_ctl"]),
                "sp": rounded(row["projected_form_tsb"]),
            }
            for row in planned
        ),
    ]


def _entries() -> list[Spec]:
    return tooltip(
        ("w", "Day", "%-d %b %Y"),
        ("l", "Load pts", ".0f"),
        ("c", "Fitness", ".1f"),
        ("a", "Fatigue", ".1f"),
        ("s", "Form", "+.1f"),
        ("cu", "Fitness, as usual", ".1f"),
        ("cr", "Fitness, at rest", ".1f"),
        ("su", "Form, as usual", "+.1f"),
        ("sr", "Form, at rest", "+.1f"),
        ("cp", "Fitness, as planned", ".1f"),
        ("sp", "Form, as planned", "+.1f"),
    )


def _fitness() -> Spec:
    return plot(
        "load",
        days(zooms=True),
        values(zero=False),
        having("a", line("a", "second", 1)),
        having("c", line("c", "accent", 2.75)),
        having("cr", line("cr", "faint", 1.75, strokeDash=[4, 3])),
        having("cu", line("cu", "accent", 1.75, strokeDash=[4, 3])),
        having("cp", line("cp", "warm", 1.75)),
        height=150,
        tooltip=_entries(),
        hover=4,
    )


def _load() -> Spec:
    load = bars("l", "bar", where="l")
    load["encoding"] |= {"x": {"field": "w"}}
    ends = {"calculate": "time(toDate(datum.w)) + 64800000", "as": "e"}
    return plot(
        "load",
        days(zooms=True),
        values(lines=2),
        load,
        # The same axis as of the charts around it.
        line("cu", "accent", 0),
        height=56,
        tooltip=_entries(),
        hover=4,
        transform=[ends],
    )


def _form() -> Spec:
    names = [each.name for each in _FORMS]
    shade = nominal("z", color_scale(names, [each.shade for each in _FORMS]))
    area, words = bands("lo", "hi", "z", shade, 0.18)
    return plot(
        "load",
        days(zooms=True),
        values(zero=False, lines=4, grid=False) | {"scale": {"zero": False, "nice": False}},
        area,
        having("s", line("s", "text", 1.5)),
        having("sr", line("sr", "faint", 1.75, strokeDash=[4, 3])),
        having("su", line("su", "accent", 1.75, strokeDash=[4, 3])),
        having("sp", line("sp", "warm", 1.75)),
        *words,
        height=130,
        tooltip=_entries(),
        hover=4,
    )


def _finding(load: list[Row], resting: Sequence[ProjectedDay], riding: Sequence[ProjectedDay]) -> str:
    now = load[-1]
    form = f"form {signed(now['form_tsb'])}: {form_range(now['form_tsb'])}"
    text = f"Fitness {number(now['fitness_ctl'])}{_moved(load)}; {form}"
    if now["is_warm_up"]:
        return text + ". The first weeks still settle."
    fitness = [round(days_[-1].fitness) - round(now["fitness_ctl"]) for days_ in (riding, resting)]
    return (
        f"{text}. Riding as usual {_course(fitness[0])} in two weeks, rest costs {number(abs(fitness[1]))}."
    )


def _moved(load: list[Row]) -> str:
    before = fitness_before(load)
    if before is None:
        return ""
    change = fitness_change(load[-1], before)
    moved = f"{'up' if change > 0 else 'down'} {number(abs(change))}" if change else "unchanged"
    return f", {moved} in four weeks"


def _course(change: int) -> str:
    if not change:
        return "keeps fitness"
    return f"{'adds' if change > 0 else 'costs'} {number(abs(change))}"


def _goal(planned: list[Row]) -> str:
    goal = next((row for row in planned if row["goal"]), planned[-1] if planned else None)
    if goal is None:
        return ""
    name = goal["goal"] or "the end of the plan"
    form = number(goal["projected_form_tsb"])
    return f" If the plan is ridden, form is {form} on {day(goal['day'])}, {name}."


def _plan(planned: list[Row]) -> list[Table]:
    if not planned:
        return []
    ends = [row for row in planned if row["goal"] or row["days_ahead"] % 7 == 0 or row is planned[-1]]
    table = table_of(
        "Planned: every seventh day and the goals",
        ends,
        {
            "Day": lambda row: day(row["day"]),
            "Goal": lambda row: row["goal"] or "",
            "Planned load": numbers("planned_load"),
            "Projected fitness": numbers("projected_fitness_ctl", 1),
            "Projected fatigue": numbers("projected_fatigue_atl", 1),
            "Projected form": numbers("projected_form_tsb", 1),
        },
    )
    return [replace(table, words=frozenset({0, 1}))]


def _scale(quality: Row) -> str:
    rides = quality.get("load_scale_rides") or 0
    if quality.get("load_scale") in (None, 1):
        return ""
    return (
        " Rides known by their summary alone are scaled to TSS by "
        f"{number(quality['load_scale'], 2)}, the median of {counted(rides, 'ride')} that have both."
    )


def _start(recent: list[Row]) -> str:
    start = recent[0]["start_load"]
    return (
        f" The history begins with a fitness of {number(start)}, the mean of its first 42 days."
        if start
        else ""
    )


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
            "Range": lambda row: form_range(row["form_tsb"]),
            "Load of 7 days": numbers("load_7d"),
        },
    )


def _projections(resting: Sequence[ProjectedDay], riding: Sequence[ProjectedDay]) -> Table:
    return table_of(
        "The next two weeks",
        list(zip(riding, resting, strict=True)),
        {
            "Day": lambda pair: day(pair[0].day),
            "Fitness, as usual": lambda pair: number(pair[0].fitness, 1),
            "Form, as usual": lambda pair: number(pair[0].form, 1),
            "Fitness, at rest": lambda pair: number(pair[1].fitness, 1),
            "Form, at rest": lambda pair: number(pair[1].form, 1),
        },
    )
