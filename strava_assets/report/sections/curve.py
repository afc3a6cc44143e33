"""The power curve: the highest mean power by duration, this year against the last and all time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.report.figures import without_nulls
from strava_assets.report.numbers import NOTHING, counted, day, number, quantity, rounded, stretch
from strava_assets.report.sections.drawing import WIDTHS, named_rows, overview, spec, value_axis
from strava_assets.report.sections.parts import Cell, Chart, Points, Section, Table, ride_link, short_name
from strava_assets.report.theme import ink

if TYPE_CHECKING:
    import altair as alt

    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

    Bests = dict[int, Row]

_TOPIC = "Power curve"
_TOLD_S = (5, 60, 300, 1200, 3600)
"""Where the curve is told in numbers: what riders name their bests by."""
_LABELLED_S = (1, 5, 15, 60, 300, 1200, 3600, 7200, 14400, 21600)
_LANDMARK_S = 1200
_EXTENT = 44
"""Room for the longest label of both charts, so that durations stand below each other."""
_PERIODS = (("Sprints", 1, 60), ("Minutes", 60, 1200), ("Hours", 1200, 21600))
# All time lies behind as a band, to be seen where a year has reached it.
_WIDTHS = {"n": 2.75, "l": 1.75, "a": 7}
_NOTE = (
    "The highest mean power held that long in one ride, pauses counted as zeros; measured power alone. "
    "Bests are known of every second up to a minute and every 5 % above; lines join them."
)


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - watts have no length
    """The section from `power_curve`."""
    bests: dict[str, Bests] = {}
    for row in figures.rows("power_curve"):
        bests.setdefault(row["period"], {})[row["duration_s"]] = row
    ever = bests.get("all_time")
    if not ever or not figures.today:
        return Section("curve", _TOPIC, _wanting(figures))
    year = figures.today.year
    lines = [
        ("n", str(year), "accent", bests.get(str(year), {})),
        ("l", str(year - 1), "second", bests.get(str(year - 1), {})),
        ("a", "All time", "soft", ever),
    ]
    # Of last year the oldest rides are fetched last; its line would be that of a few weeks.
    in_part = {"l"} if figures.rides_so_far else set()
    lines = [line for line in lines if line[3] and line[0] not in in_part]
    points = _points(lines)
    finding = _finding(bests, year, figures.rides_so_far)
    legend = tuple((name, colour) for _, name, colour, _ in lines)
    charts = [
        Chart(
            "curve-watts",
            "Highest mean power by duration, W",
            f"Power by duration from one second to {stretch(max(ever))}, falling. {finding}",
            spec(_drawn(lines, "", _tooltip(lines, "", "W", ".0f"), height=290)),
            legend=legend,
        )
    ]
    if any("ak" in point for point in points):
        charts.append(
            Chart(
                "curve-kg",
                "By body weight, W/kg",
                "The same by the body weight of the ride's day, where it is known.",
                spec(_drawn(lines, "k", _tooltip(lines, "k", "W/kg", ".2f"), height=150)),
                legend=legend,
            )
        )
    charts.append(
        Chart(
            "curve-overview",
            "Drag to zoom",
            "The whole curve, small.",
            spec(_overview()),
            zooms=True,
            periods=_PERIODS,
        )
    )
    return Section(
        "curve", _TOPIC, finding, charts, {"curve": points}, [_table(lines)], _NOTE + _coverage(figures)
    )


def _wanting(figures: Figures) -> str:
    found = figures.quality
    rides = found.get("streams_to_come", found.get("power_rides"))
    if not found.get("power_rides"):
        return "No power curve yet: it needs rides with a power meter."
    if not rides:
        return "No power curve yet: none of the rides with a power meter has its seconds recorded."
    fetched = (
        "each sync fetches as many as Strava's limits leave over, over days and by itself"
        if figures.fetches_streams
        else "no sync fetches them, as the setting streams has it"
    )
    return (
        f"The power curve, critical power and zones need the seconds of your rides. Those of "
        f"{counted(rides, 'ride')} with a power meter are still to come: {fetched}; your bulk export brings "
        f"them all within minutes (strava-assets import-archive)."
    )


def _coverage(figures: Figures) -> str:
    to_come = figures.quality.get("streams_to_come")
    if not to_come:
        return ""
    return f" The seconds of {counted(to_come, 'more ride')} are still to come and may raise the curve."


def _finding(bests: dict[str, Bests], year: int, so_far: int | None) -> str:
    ever = bests["all_time"]
    at = min(ever, key=lambda seconds: abs(seconds - _LANDMARK_S))
    best, lasted = ever[at], stretch(at)
    now, before = bests.get(str(year), {}).get(at), bests.get(str(year - 1), {}).get(at)
    record = f"{quantity(best['watts'], 'W')} on {day(best['activity_date'])}"
    if so_far:
        return f"The best {lasted} of the {counted(so_far, 'ride')} known so far: {record}."
    if now is None:
        return f"No {lasted} best this year yet; the best ever is {record}."
    text = f"The best {lasted} of {year}: {quantity(now['watts'], 'W')}"
    if before is not None:
        text += f", {_against(now['watts'] - before['watts'])} {year - 1}"
    if now["activity_id"] == best["activity_id"]:
        return text + ", and the best ever."
    return f"{text}; the best ever is {record}."


def _against(change: float) -> str:
    if abs(change) < 0.5:
        return "level with"
    return f"{quantity(abs(change), 'W')} {'above' if change > 0 else 'below'}"


def _points(lines: list[tuple[str, str, str, Bests]]) -> Points:
    """A point a duration, with all lines' bests, so that one tooltip tells them side by side."""
    told = lines[0][3]
    points: Points = []
    for seconds in sorted({seconds for *_, bests in lines for seconds in bests}):
        point: dict[str, Any] = {"t": seconds, "d": stretch(seconds)}
        for key, _, _, bests in lines:
            if row := bests.get(seconds):
                point |= {key: rounded(row["watts"]), f"{key}k": rounded(row["watts_per_kg"], 2)}
        if seconds in told:
            point["r"] = f"{short_name(told[seconds])}, {day(told[seconds]['activity_date'])}"
            if seconds in _TOLD_S:
                point |= {"m": number(told[seconds]["watts"]), "mk": number(told[seconds]["watts_per_kg"], 1)}
        points.append(without_nulls(point))
    return points


def _tooltip(
    lines: list[tuple[str, str, str, Bests]], suffix: str, unit: str, form: str
) -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("d:N", title="Held for"),
        *(alt.Tooltip(f"{key}{suffix}:Q", title=f"{name} {unit}", format=form) for key, name, *_ in lines),
        alt.Tooltip("r:N", title=f"Ride, {lines[0][1]}"),
    ]


def _along(**options: Any) -> alt.X:
    import altair as alt

    labels = ",".join(f"'{seconds}':'{stretch(seconds)}'" for seconds in _LABELLED_S)
    return alt.X(
        "t:Q",
        scale=alt.Scale(type="log", nice=False, **options),
        axis=alt.Axis(
            title=None,
            values=list(_LABELLED_S),
            labelExpr="{" + labels + "}[datum.value]",
            labelOverlap="greedy",
            labelSeparation=5,
        ),
    )


def _drawn(
    lines: list[tuple[str, str, str, Bests]], suffix: str, told: list[alt.Tooltip], height: int
) -> alt.TopLevelMixin:
    import altair as alt

    x = _along(domainRaw=alt.ExprRef("zoom"))
    # What is zoomed away leaves the scale too: an hour's watts would lie flat below a sprint's.
    base = alt.Chart(named_rows("curve")).transform_filter(
        "!zoom || (datum.t >= zoom[0] && datum.t <= zoom[1])"
    )
    first = f"{lines[0][0]}{suffix}:Q"

    def high(field: str) -> alt.Y:
        return alt.Y(field, scale=alt.Scale(zero=False, padding=14), axis=value_axis(minExtent=_EXTENT))

    named = base.transform_filter(f"isValid(datum['m{suffix}'])")
    # A number stands where the other lines are not: below its point, if all time lies above it.
    below = f"datum.a > datum.{lines[0][0]} + 1"

    def numbers(side: str, dx: int, dy: int) -> alt.Chart:
        told: alt.Chart = (
            named.transform_filter(side)
            .mark_text(dx=dx, dy=dy, fontWeight="bold", clip=True)
            .encode(x, high(first), text=f"m{suffix}:N")
        )
        return told

    return (
        alt.layer(
            *(
                base.mark_line(
                    color=ink(colour),
                    strokeWidth=_WIDTHS[key],
                    invalid="break-paths-show-domains",
                    clip=True,
                ).encode(x, high(f"{key}{suffix}:Q"))
                for key, _, colour, _ in reversed(lines)
            ),
            named.mark_point(color=ink("accent"), filled=True, size=46, opacity=1, clip=True).encode(
                x, high(first)
            ),
            numbers(f"!({below})", 9, -13),
            numbers(below, -9, 15),
            base.mark_rule(strokeWidth=6, opacity=0, clip=True).encode(x, tooltip=told),
        )
        .add_params(alt.param(name="zoom", value=None))
        .properties(width=WIDTHS["full"], height=height)
    )


def _overview() -> alt.TopLevelMixin:
    import altair as alt

    small = alt.Y(
        "a:Q", scale=alt.Scale(zero=False), axis=value_axis(labels=False, grid=False, minExtent=_EXTENT)
    )
    return overview(alt.Chart(named_rows("curve")).encode(_along(), small))


def _table(lines: list[tuple[str, str, str, Bests]]) -> Table:
    def cells(seconds: int) -> list[Cell]:
        found: list[Cell] = []
        for _, _, _, bests in lines:
            row = bests.get(seconds)
            found += (
                [ride_link(row["activity_id"], number(row["watts"])), number(row["watts_per_kg"], 2)]
                if row
                else [NOTHING, NOTHING]
            )
        return found

    ever = lines[-1][3]
    shown = [seconds for seconds in sorted(ever) if seconds <= 10 or seconds % 5 == 0]
    return Table(
        "The curve in numbers, each best with its ride",
        ("Held for", *(f"{name} {unit}" for _, name, *_ in lines for unit in ("W", "W/kg"))),
        [(stretch(seconds), *cells(seconds)) for seconds in shown],
    )
