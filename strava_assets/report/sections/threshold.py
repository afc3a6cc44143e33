"""Threshold power over time: FTP as estimated from the best twenty minutes, critical power and W prime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.report.figures import without_nulls
from strava_assets.report.numbers import counted, day, number, quantity, rounded
from strava_assets.report.sections.drawing import WIDTHS, named_rows, span, spec, time_axis, value_axis
from strava_assets.report.sections.parts import Chart, Points, Section, Table
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "Critical power and estimated FTP"
_YEAR_WEEKS = 52
_EFFORTS = 6
_QUALITY = {"good": "good", "few_points": "too few efforts", "implausible": "implausible"}
_NOTE = (
    "Estimated FTP is 95 % of the best 20 minutes of 90 days: an estimate, as good as the hardest effort in "
    "them. Critical power is the level of the line through the best efforts of two to twenty minutes of six "
    "weeks, W\u2032 the work that can be done above it."
)


def build(figures: Figures, units: Units) -> Section | None:  # noqa: ARG001 - watts have no length
    """The section from `power_profile_progress`; None where the power curve says already what is missing."""
    weeks = figures.rows("power_profile_progress")
    if not any(week["estimated_ftp_w"] or week["critical_power_w"] for week in weeks):
        wanting = "Neither is known yet: they need efforts of two to twenty minutes with a power meter."
        return Section("threshold", _TOPIC, wanting) if figures.rows("power_curve") else None
    first = next(index for index, week in enumerate(weeks) if week["stream_rides"])
    weeks = weeks[first:]
    finding = _finding(weeks, in_part=figures.rides_so_far is not None)
    ends = span(weeks[0]["week"], weeks[-1]["week"])
    charts = [
        Chart(
            "threshold-watts",
            "Estimated FTP and critical power, W",
            f"Both by week, {day(weeks[0]['week'])} to {day(weeks[-1]['week'])}. {finding}",
            spec(_lines(ends)),
            legend=(("Estimated FTP, 90 days", "accent"), ("Critical power, 6 weeks", "second")),
        )
    ]
    if any(week["w_prime_kj"] for week in weeks):
        charts.append(
            Chart(
                "threshold-work",
                "W\u2032, kJ above critical power",
                "The work above critical power by week, from the same fits.",
                spec(_work(ends)),
            )
        )
    return Section(
        "threshold",
        _TOPIC,
        finding,
        charts,
        {"threshold": _points(weeks)},
        [_table(weeks)],
        _NOTE + _fits(weeks),
        short="Threshold",
    )


def _finding(weeks: list[Row], *, in_part: bool) -> str:
    index = next((at for at in reversed(range(len(weeks))) if weeks[at]["estimated_ftp_w"]), None)
    if index is None:
        return "Critical power is known; FTP cannot be estimated without an effort of twenty minutes."
    now = weeks[index]
    if index < len(weeks) - 1:
        return f"The last estimate of FTP, {quantity(now['estimated_ftp_w'], 'W')}, is of {day(now['week'])}."
    text = f"FTP is estimated at {quantity(now['estimated_ftp_w'], 'W')}"
    before = weeks[index - _YEAR_WEEKS]["estimated_ftp_w"] if index >= _YEAR_WEEKS else None
    if before is not None and not in_part:
        change = now["estimated_ftp_w"] - before
        moved = f"{quantity(abs(change), 'W')} {'above' if change > 0 else 'below'}"
        text += f", {'the same as' if abs(change) < 0.5 else moved} a year ago"
    fitted = next((week for week in reversed(weeks) if week["critical_power_w"]), None)
    if fitted is None:
        return text + "; critical power cannot be told from these efforts."
    watts = quantity(fitted["critical_power_w"], "W")
    if fitted is now:
        return f"{text}; critical power is {watts}."
    return f"{text}; critical power was {watts} in the week of {day(fitted['week'])}."


def _fits(weeks: list[Row]) -> str:
    lately = weeks[-_YEAR_WEEKS:]
    good = [week for week in lately if week["fit_quality"] == "good"]
    text = f" Of the last {counted(len(lately), 'week')} {number(len(good))} have a good fit"
    if good:
        explained = sorted(week["fit_r2"] for week in good)[len(good) // 2]
        text += f", whose line explains {quantity(100 * explained, '%')} of the differences as a rule"
    return text + "; where there is none, critical power is left out."


def _points(weeks: list[Row]) -> Points:
    points = [_point(week) for week in weeks]
    around: Points = [{}, *points, {}]
    for before, point, after in zip(around, points, around[2:], strict=False):
        if "c" in point and "c" not in before and "c" not in after:
            point["o"] = 1
    return points


def _point(week: Row) -> dict[str, Any]:
    return without_nulls(
        {
            "w": str(week["week"]),
            "f": rounded(week["estimated_ftp_w"]),
            "c": rounded(week["critical_power_w"]),
            "k": rounded(week["w_prime_kj"]),
            # What is said where all is well would be a third of twenty years.
            "q": None if week["fit_quality"] == "good" else _QUALITY.get(week["fit_quality"] or ""),
            "n": None if week["fit_points"] == _EFFORTS else week["fit_points"] or None,
            "r": rounded(week["fit_r2"], 2) if week["fit_quality"] == "good" else None,
        }
    )


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("w:T", title="Week of", format="%-d %b %Y"),
        alt.Tooltip("f:Q", title="Estimated FTP W", format=".0f"),
        alt.Tooltip("c:Q", title="Critical power W", format=".0f"),
        alt.Tooltip("k:Q", title="W\u2032 kJ", format=".1f"),
        alt.Tooltip("q:N", title="Fit"),
        alt.Tooltip("r:Q", title="Fit r\u00b2", format=".2f"),
        alt.Tooltip("n:Q", title="Efforts of six"),
    ]


def _lines(ends: list[alt.DateTime]) -> alt.TopLevelMixin:
    import altair as alt

    base = _base(ends)
    return alt.layer(
        *_fit(base, "c", alt.Scale(zero=False), 5),
        base.mark_line(color=ink("accent"), strokeWidth=2.75, invalid="break-paths-show-domains").encode(
            alt.Y("f:Q", scale=alt.Scale(zero=False), axis=value_axis())
        ),
        base.mark_rule(strokeWidth=6, opacity=0).encode(tooltip=_tooltip()),
    ).properties(width=WIDTHS["full"], height=210)


def _work(ends: list[alt.DateTime]) -> alt.TopLevelMixin:
    import altair as alt

    base = _base(ends)
    return alt.layer(
        *_fit(base, "k", alt.Scale(zero=True), 3),
        base.mark_rule(strokeWidth=6, opacity=0).encode(tooltip=_tooltip()),
    ).properties(width=WIDTHS["full"], height=80)


def _base(ends: list[alt.DateTime]) -> alt.Chart:
    import altair as alt

    return alt.Chart(named_rows("threshold")).encode(
        alt.X("w:T", scale=alt.Scale(domain=ends), axis=time_axis())
    )


def _fit(base: alt.Chart, field: str, scale: alt.Scale, lines: int) -> list[Any]:
    """What a fit gave, week by week; a good week without a good neighbour is a dot."""
    import altair as alt

    high = alt.Y(f"{field}:Q", scale=scale, axis=value_axis(tickCount=lines))
    alone = base.transform_filter("isValid(datum.o)")
    return [
        base.mark_line(color=ink("second"), strokeWidth=1.75, invalid="break-paths-show-domains").encode(
            high
        ),
        alone.mark_point(color=ink("second"), filled=True, size=16, opacity=1).encode(high),
    ]


def _table(weeks: list[Row]) -> Table:
    ends = {(week["week"].year, week["week"].month): week for week in weeks}
    return Table(
        "Estimates in the last week of each month, the latest first",
        ("Week of", "Estimated FTP W", "Critical power W", "W\u2032 kJ", "Efforts of six", "r\u00b2", "Fit"),
        [
            (
                day(week["week"]) + (" (running)" if week["is_partial"] else ""),
                number(week["estimated_ftp_w"]),
                number(week["critical_power_w"]),
                number(week["w_prime_kj"], 1),
                number(week["fit_points"]),
                number(week["fit_r2"], 2),
                _QUALITY.get(week["fit_quality"] or "", ""),
            )
            for week in reversed(ends.values())
        ],
        words=frozenset({0, 6}),
    )
