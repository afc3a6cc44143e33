"""Training load: fitness, fatigue and form over the last year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.report.numbers import day, number, rounded
from strava_assets.report.sections.drawing import WIDTHS, named_rows, spec, time_axis, value_axis
from strava_assets.report.sections.parts import Chart, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Training load"
_SHOWN = timedelta(days=365)
_NOTE = (
    "An hour at threshold is 100 points. Fitness (CTL) and fatigue (ATL) are exponential means of the daily "
    "load over 42 and 7 days; form (TSB) is yesterday's fitness minus yesterday's fatigue."
)
_WANTING = (
    "No training load yet: it needs your threshold power, or your heart rates, with the days from which they "
    "hold. Write them into the athlete file and refresh."
)


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - load has no length
    """The section from `daily_load`."""
    days = figures.rows("daily_load")
    shown = [row for row in days if row["day"] > days[-1]["day"] - _SHOWN]
    if not any(row["training_load"] for row in shown):
        return Section("load", _TOPIC, _WANTING)
    points = [
        {
            "w": str(row["day"]),
            "c": rounded(row["fitness_ctl"]),
            "a": rounded(row["fatigue_atl"]),
            "s": rounded(row["form_tsb"]),
            "l": rounded(row["training_load"], 0),
        }
        for row in shown
    ]
    period = f"{day(shown[0]['day'])} to {day(shown[-1]['day'])}"
    return Section(
        "load",
        _TOPIC,
        _finding(days),
        [
            Chart(
                "load-fitness",
                "Fitness and fatigue, points a day",
                f"Fitness and fatigue by day, {period}. {_finding(days)}",
                spec(_lines()),
                legend=(("Fitness, 42 days", "accent"), ("Fatigue, 7 days", "second")),
            ),
            Chart(
                "load-form",
                "Form, points",
                f"Form by day, {period}: above zero fresh, below zero tired.",
                spec(_form()),
                legend=(("Fresh", "accent"), ("Tired", "second")),
            ),
        ],
        {"load": points},
        [_table(shown)],
        _NOTE + _coverage(shown),
        short="Load",
    )


def _finding(days: list[Row]) -> str:
    now, before = days[-1], days[max(0, len(days) - 29)]
    change = now["fitness_ctl"] - before["fitness_ctl"]
    moved = "unchanged" if abs(change) < 0.5 else f"{'up' if change > 0 else 'down'} {number(abs(change))}"
    form = now["form_tsb"]
    state = "fresh" if form > 5 else "tired" if form < -10 else "balanced"
    fitness = number(now["fitness_ctl"])
    text = f"Fitness stands at {fitness}, {moved} in four weeks; form is {number(form)}: {state}"
    return text + (", while the first weeks still settle." if now["is_warm_up"] else ".")


def _coverage(shown: list[Row]) -> str:
    without = sum(row["activities_without_load"] for row in shown)
    if not without:
        return ""
    total = sum(row["activities"] for row in shown)
    return f" Of {number(total)} activities shown, {number(without)} have no known load and add nothing."


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("w:T", title="Day", format="%-d %b %Y"),
        alt.Tooltip("l:Q", title="Load pts", format=".0f"),
        alt.Tooltip("c:Q", title="Fitness", format=".1f"),
        alt.Tooltip("a:Q", title="Fatigue", format=".1f"),
        alt.Tooltip("s:Q", title="Form", format="+.1f"),
    ]


def _lines() -> alt.TopLevelMixin:
    import altair as alt

    base = alt.Chart(named_rows("load")).encode(alt.X("w:T", axis=time_axis()))
    return alt.layer(
        base.mark_line(color=ink("second"), strokeWidth=1.25).encode(alt.Y("a:Q", axis=value_axis())),
        base.mark_line(color=ink("accent"), strokeWidth=2.75).encode(y="c:Q"),
        base.mark_rule(strokeWidth=5, opacity=0).encode(tooltip=_tooltip()),
    ).properties(width=WIDTHS["full"], height=200)


def _form() -> alt.TopLevelMixin:
    import altair as alt

    base = alt.Chart(named_rows("load"))
    shade = alt.condition("datum.s >= 0", alt.value(ink("accent")), alt.value(ink("second")))
    return alt.layer(
        base.transform_calculate(e="time(toDate(datum.w)) + 64800000")
        .mark_bar()
        .encode(
            alt.X("w:T", axis=time_axis()),
            alt.X2("e:T"),
            alt.Y("s:Q", axis=value_axis(tickCount=4)),
            alt.Y2(datum=0),
            color=shade,
        ),
        base.mark_rule(strokeWidth=5, opacity=0).encode(alt.X("w:T"), tooltip=_tooltip()),
    ).properties(width=WIDTHS["full"], height=100)


def _table(shown: list[Row]) -> Table:
    return Table(
        "Training load at the end of each week, the latest first",
        ("Day", "Fitness (CTL)", "Fatigue (ATL)", "Form (TSB)", "Load of 7 days"),
        [
            (
                day(shown[index]["day"]),
                number(shown[index]["fitness_ctl"], 1),
                number(shown[index]["fatigue_atl"], 1),
                number(shown[index]["form_tsb"], 1),
                number(sum(row["training_load"] for row in shown[max(0, index - 6) : index + 1])),
            )
            for index in range(len(shown) - 1, -1, -7)
        ],
    )
