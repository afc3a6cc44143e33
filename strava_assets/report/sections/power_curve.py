"""The power curve: the highest mean power by duration, this year against the last and all time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.report.charts import dots, labels, line, overview, plot, tooltip, values
from strava_assets.report.number_format import (
    NOTHING,
    compared,
    counted,
    day,
    effort_duration,
    number,
    quantity,
    rounded,
)
from strava_assets.report.section import (
    Cell,
    Chart,
    Points,
    Section,
    Table,
    ride_link,
    short_name,
    table_of,
    without_nulls,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

    Bests = dict[int, Row]

_TOPIC = "Power curve"
_NUMBERED_S = (5, 60, 300, 1200, 3600)
"""The durations by which riders name their bests; their values stand on the line."""
_LABELED_S = (1, 5, 15, 60, 300, 1200, 3600, 7200, 14400, 21600)
_LANDMARK_S = 1200
_EXTENT = 44
"""Room for the longest label of both charts, so that their durations align."""
_PERIODS = (("Sprints", 1, 60), ("Minutes", 60, 1200), ("Hours", 1200, 21600))
_NOTE = (
    "The highest mean power held that long in one ride, pauses counted as zeros; measured power alone. "
    "There is a best for every second up to a minute and every 5 % above; lines join them."
)


class _Line(NamedTuple):
    key: str
    name: str
    shade: str
    width: float
    bests: Bests


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - watts have no length
    """The section from `power_curve`."""
    bests: dict[str, Bests] = {}
    for row in figures.rows("power_curve"):
        bests.setdefault(row["period"], {})[row["duration_s"]] = row
    ever = bests.get("all_time")
    if not ever or not figures.today:
        return Section("curve", _TOPIC, _missing(figures))
    year = figures.today.year
    lines = [
        _Line("n", str(year), "accent", 2.75, bests.get(str(year), {})),
        _Line("l", str(year - 1), "second", 1.75, bests.get(str(year - 1), {})),
        # All time lies behind as a band, so that it shows where a year has reached it.
        _Line("a", "All time", "soft", 7, ever),
    ]
    # Last year's oldest rides are fetched last; until then its line would be that of a few weeks.
    hidden = {"l"} if figures.rides_so_far else set()
    lines = [line for line in lines if line.bests and line.key not in hidden]
    points = _points(lines)
    finding = _finding(bests, year, figures.rides_so_far)
    legend = tuple((line.name, line.shade) for line in lines)
    charts = [
        Chart(
            "curve-watts",
            "Highest mean power by duration, W",
            f"Power by duration from one second to {effort_duration(max(ever))}, falling. {finding}",
            _curve(lines, "", "W", ".0f", height=290),
            legend=legend,
        )
    ]
    if any("ak" in point for point in points):
        charts.append(
            Chart(
                "curve-kg",
                "By body weight, W/kg",
                "The same by the body weight of the ride's day, where it is known.",
                _curve(lines, "k", "W/kg", ".2f", height=150),
                legend=legend,
            )
        )
    small = overview("curve", _durations(), "a", minExtent=_EXTENT)
    charts.append(
        Chart(
            "curve-overview", "Drag to zoom", "The whole curve, small.", small, zooms=True, periods=_PERIODS
        )
    )
    return Section(
        "curve", _TOPIC, finding, charts, {"curve": points}, [_table(lines)], _NOTE + _coverage(figures)
    )


def _missing(figures: Figures) -> str:
    quality = figures.quality
    rides = quality.get("streams_to_come", quality.get("power_rides"))
    if not quality.get("power_rides"):
        return "No power curve yet: it needs rides with a power meter."
    if not rides:
        return "No power curve yet: none of the rides with a power meter has its seconds recorded."
    fetched = (
        "each sync fetches as many as Strava's limits allow, over several days"
        if figures.fetches_streams
        else "no sync fetches them, because of the setting streams"
    )
    return (
        f"The power curve, critical power and zones need the seconds of your rides. Those of "
        f"{counted(rides, 'ride')} with a power meter are still to come: {fetched}; your bulk export brings "
        f"them all within minutes (strava-assets import)."
    )


def _coverage(figures: Figures) -> str:
    to_come = figures.quality.get("streams_to_come")
    if not to_come:
        return ""
    return f" The seconds of {counted(to_come, 'more ride')} are still to come and may raise the curve."


def _finding(bests: dict[str, Bests], year: int, so_far: int | None) -> str:
    ever = bests["all_time"]
    at = min(ever, key=lambda seconds: abs(seconds - _LANDMARK_S))
    best, lasted = ever[at], effort_duration(at)
    now, before = bests.get(str(year), {}).get(at), bests.get(str(year - 1), {}).get(at)
    record = f"{quantity(best['watts'], 'W')} on {day(best['activity_date'])}"
    if so_far:
        return f"The best {lasted} of the {counted(so_far, 'ride')} known so far: {record}."
    if now is None:
        return f"No {lasted} best this year yet; the best ever is {record}."
    text = f"The best {lasted} of {year}: {quantity(now['watts'], 'W')}"
    if before is not None:
        change = now["watts"] - before["watts"]
        text += f", {compared(change, quantity(abs(change), 'W'), than=str(year - 1), equal='level with')}"
    if now["activity_id"] == best["activity_id"]:
        return text + ", and the best ever."
    return f"{text}; the best ever is {record}."


def _points(lines: list[_Line]) -> Points:
    """A point for each duration with the bests of all lines, for one tooltip that shows them side by side."""
    first = lines[0].bests
    points: Points = []
    for seconds in sorted({seconds for *_, bests in lines for seconds in bests}):
        point: dict[str, Any] = {"t": seconds, "d": effort_duration(seconds)}
        for key, *_, bests in lines:
            if row := bests.get(seconds):
                point |= {key: rounded(row["watts"]), f"{key}k": rounded(row["watts_per_kg"], 2)}
        if row := first.get(seconds):
            point["r"] = f"{short_name(row)}, {day(row['activity_date'])}"
            if seconds in _NUMBERED_S:
                point |= {"m": number(row["watts"]), "mk": number(row["watts_per_kg"], 1)}
        points.append(without_nulls(point))
    return points


def _durations(**scale: Any) -> Spec:
    texts = ",".join(f"'{seconds}':'{effort_duration(seconds)}'" for seconds in _LABELED_S)
    return {
        "field": "t",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False} | scale,
        "axis": {
            "title": None,
            "values": _LABELED_S,
            "labelExpr": f"{{{texts}}}[datum.value]",
            "labelOverlap": "greedy",
            "labelSeparation": 5,
        },
    }


def _curve(lines: list[_Line], suffix: str, unit: str, form: str, *, height: int) -> Spec:
    first = f"{lines[0].key}{suffix}"
    # A number stands where the other lines are not: below its point, if all time lies above it.
    below = f"datum.a > datum.{lines[0].key} + 1"
    number_labels = [
        labels(f"m{suffix}", first, "text", where=f"m{suffix}", dx=dx, dy=dy)
        for dx, dy in ((9, -13), (-9, 15))
    ]
    for label, side in zip(number_labels, (f"!({below})", below), strict=True):
        label["transform"] = [*label["transform"], {"filter": side}]
    return plot(
        "curve",
        _durations(domainRaw={"expr": "zoom"}),
        values(zero=False, padding=14, minExtent=_EXTENT),
        *(line(f"{key}{suffix}", shade, width) for key, _, shade, width, _ in reversed(lines)),
        dots(first, "accent", 46, where=f"m{suffix}"),
        *number_labels,
        height=height,
        tooltip=tooltip(
            ("d", "Held for"),
            *((f"{key}{suffix}", f"{name} {unit}", form) for key, name, *_ in lines),
            ("r", f"Ride, {lines[0].name}"),
        ),
        hover=6,
        # The scale leaves out what is zoomed away: an hour's watts would lie flat below a sprint's.
        transform=[{"filter": "!zoom || (datum.t >= zoom[0] && datum.t <= zoom[1])"}],
    )


def _table(lines: list[_Line]) -> Table:
    def watts(bests: Bests) -> Callable[[int], Cell]:
        return lambda seconds: (
            ride_link(row["activity_id"], number(row["watts"])) if (row := bests.get(seconds)) else NOTHING
        )

    def by_weight(bests: Bests) -> Callable[[int], Cell]:
        return lambda seconds: number(row["watts_per_kg"], 2) if (row := bests.get(seconds)) else NOTHING

    columns: dict[str, Callable[[int], Cell]] = {"Held for": effort_duration}
    for _, name, _, _, bests in lines:
        columns |= {f"{name} W": watts(bests), f"{name} W/kg": by_weight(bests)}
    durations = [seconds for seconds in sorted(lines[-1].bests) if seconds <= 10 or seconds % 5 == 0]
    return table_of("The curve in numbers, each best with its ride", durations, columns)
