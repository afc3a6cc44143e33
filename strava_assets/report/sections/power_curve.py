"""What you can do now: the power curve of the last 42 days against the best ever, and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.report.charts import dots, having, labels, line, overview, plot, tooltip, values
from strava_assets.report.number_format import (
    NOTHING,
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
from strava_assets.report.theme import color

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

    Bests = dict[int, Row]

_TOPIC = "What you can do now"
_NUMBERED_S = (5, 60, 300, 1200, 3600)
"""The durations by which riders name their bests; their values and losses stand on the lines."""
_LABELED_S = (1, 5, 15, 60, 300, 1200, 3600, 7200, 14400, 21600)
_LANDMARK_S = 1200
_EXTENT = 44
"""Room for the longest label of both charts, so that their durations align."""
_PERIODS = (("Sprints", 1, 60), ("Minutes", 60, 1200), ("Hours", 1200, 21600))
_RECENT = (("last_42_days", "Last 42 days"), ("last_90_days", "Last 90 days"))
_LEAST_LOSS_PCT = 0.5
_NOTE = (
    "The highest mean power held that long in one ride, pauses counted as zeros; measured power alone. "
    "There is a best for every second up to a minute and every 5 % above; lines join them."
)


class _Curve(NamedTuple):
    key: str
    name: str
    bests: Bests


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - watts have no length
    """The section from `power_curve`."""
    bests: dict[str, Bests] = {}
    for row in figures.rows("power_curve"):
        bests.setdefault(row["period"], {})[row["duration_s"]] = row
    ever = bests.get("all_time")
    if not ever or not figures.today:
        return Section("curve", _TOPIC, _missing(figures))
    year = str(figures.today.year)
    periods = (*_RECENT, (year, year), ("all_time", "All time"))
    key, name = next(period for period in periods if bests.get(period[0]))
    now, best = _Curve("n", name, bests[key]), _Curve("a", "Best ever", ever)
    points = _points(now, best)
    finding = _finding(now, best, figures.rides_so_far)
    legend = ((now.name, "accent"), (best.name, "soft"))
    charts = [
        Chart(
            "curve-watts",
            "Highest mean power by duration, W",
            f"Power by duration from one second to {effort_duration(max(ever))}, falling. {finding}",
            _curve(now, best, "", "W", ".0f"),
            legend=legend,
            choice="w",
        )
    ]
    if any("ak" in point for point in points):
        charts.append(
            Chart(
                "curve-kg",
                "Highest mean power by duration, W/kg",
                "The same by the body weight of the ride's day, where it is known.",
                _curve(now, best, "k", "W/kg", ".2f"),
                legend=legend,
                choice="kg",
            )
        )
    small = overview("curve", _durations(), "a", minExtent=_EXTENT)
    charts.append(
        Chart(
            "curve-overview", "Drag to zoom", "The whole curve, small.", small, zooms=True, periods=_PERIODS
        )
    )
    years = [_Curve("", period, bests[period]) for period in (year, str(int(year) - 1)) if period in bests]
    return Section(
        "curve",
        _TOPIC,
        finding,
        charts,
        {"curve": points},
        [_table([now, *(each for each in years if each.name != now.name), best])],
        _NOTE + _coverage(figures),
        short="Power",
        width="narrow",
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


def _finding(now: _Curve, ever: _Curve, so_far: int | None) -> str:
    at = min(ever.bests, key=lambda seconds: abs(seconds - _LANDMARK_S))
    best, lasted = ever.bests[at], effort_duration(at)
    record = f"{quantity(best['watts'], 'W')} on {day(best['activity_date'])}"
    if so_far:
        return f"The best {lasted} of the {counted(so_far, 'ride')} known so far: {record}."
    if now.bests is ever.bests or at not in now.bests:
        is_recent = now.name in dict(_RECENT).values()
        period = f"in the {now.name.lower()}" if is_recent else "this year yet"
        return f"No {lasted} effort {period}; the best ever is {record}."
    effort = now.bests[at]
    text = f"The best {lasted} of the {now.name.lower()}: {quantity(effort['watts'], 'W')}"
    if effort["activity_id"] == best["activity_id"]:
        return text + ", and the best ever."
    loss = _loss_pct(effort, best)
    words = f"{quantity(loss, '%')} below" if loss >= _LEAST_LOSS_PCT else "level with"
    return f"{text}, {words} the best ever, {record}."


def _loss_pct(effort: Row, best: Row) -> float:
    return 100 * (1 - float(effort["watts"]) / float(best["watts"]))


def _points(now: _Curve, ever: _Curve) -> Points:
    """A point for each duration with both bests, for one tooltip that shows them side by side."""
    points: Points = []
    for seconds in sorted({*now.bests, *ever.bests}):
        point: dict[str, Any] = {"t": seconds, "d": effort_duration(seconds)}
        for key, _, bests in (now, ever):
            if row := bests.get(seconds):
                point |= {
                    key: rounded(row["watts"]),
                    f"{key}k": rounded(row["watts_per_kg"], 2),
                    f"{key}r": f"{short_name(row)}, {day(row['activity_date'])}",
                }
        points.append(
            without_nulls(point | _labels(now.bests.get(seconds), ever.bests.get(seconds), seconds))
        )
    return points


def _labels(effort: Row | None, best: Row | None, seconds: int) -> dict[str, Any]:
    """What stands on the lines at the durations that riders name."""
    if effort is None or seconds not in _NUMBERED_S:
        return {}
    loss = _loss_pct(effort, best) if best else 0
    return {
        "m": number(effort["watts"]),
        "mk": number(effort["watts_per_kg"], 1),
        "x": f"{number(-loss)}\u00a0%" if loss >= _LEAST_LOSS_PCT else None,
    }


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


def _curve(now: _Curve, ever: _Curve, suffix: str, unit: str, form: str) -> Spec:
    recent, best = f"{now.key}{suffix}", f"{ever.key}{suffix}"
    lost = {"type": "area", "color": color("warm"), "opacity": 0.12}
    gap = {"type": "rule", "color": color("warm"), "strokeWidth": 1.25}
    between = {"y": {"field": recent}, "y2": {"field": best}}
    return plot(
        "curve",
        _durations(domainRaw={"expr": "zoom"}),
        values(zero=False, padding=16, minExtent=_EXTENT),
        having(recent, {"mark": lost, "encoding": between}),
        line(best, "soft", 2.25),
        having("x", {"mark": gap, "encoding": between}),
        line(recent, "accent", 2.75),
        dots(recent, "accent", 46, where=f"m{suffix}"),
        labels("x", best, "warm", where="x", dx=4, dy=-11, align="left"),
        labels(f"m{suffix}", recent, "text", where=f"m{suffix}", dx=-6, dy=15),
        height=270,
        tooltip=tooltip(
            ("d", "Held for"),
            *((f"{key}{suffix}", f"{name} {unit}", form) for key, name, _ in (now, ever)),
            ("x", "Lost"),
            *((f"{key}r", f"Ride, {name.lower()}") for key, name, _ in (now, ever)),
        ),
        hover=6,
        # The scale leaves out what is zoomed away: an hour's watts would lie flat below a sprint's.
        transform=[{"filter": "!zoom || (datum.t >= zoom[0] && datum.t <= zoom[1])"}],
    )


def _table(curves: list[_Curve]) -> Table:
    def watts(bests: Bests) -> Callable[[int], Cell]:
        return lambda seconds: (
            ride_link(row["activity_id"], number(row["watts"])) if (row := bests.get(seconds)) else NOTHING
        )

    def by_weight(bests: Bests) -> Callable[[int], Cell]:
        return lambda seconds: number(row["watts_per_kg"], 2) if (row := bests.get(seconds)) else NOTHING

    columns: dict[str, Callable[[int], Cell]] = {"Held for": effort_duration}
    for _, name, bests in curves:
        columns |= {f"{name} W": watts(bests), f"{name} W/kg": by_weight(bests)}
    durations = [seconds for seconds in sorted(curves[-1].bests) if seconds <= 10 or seconds % 5 == 0]
    return table_of("The curve in numbers, each best with its ride", durations, columns)
