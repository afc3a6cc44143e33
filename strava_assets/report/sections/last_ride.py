"""The last ride: its power over the zones, its figures, and its place among the year's rides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strava_assets.power.zones import POWER_ZONES_PCT
from strava_assets.report.charts import (
    color_scale,
    having,
    line,
    nominal,
    plot,
    readable_text,
    tooltip,
    values,
)
from strava_assets.report.number_format import (
    day,
    duration,
    effort_duration,
    number,
    ordinal,
    quantity,
    signed,
)
from strava_assets.report.section import Chart, Fact, Section, Table, ride_link, short_name
from strava_assets.report.theme import color
from strava_assets.report.zones import POWER_PALETTE, POWER_ZONES

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.number_format import Units
    from strava_assets.report.power_trace import PowerTrace
    from strava_assets.report.report_figures import Figures, Row
    from strava_assets.report.section import Points

_TOPIC = "Last ride"
_EFFORTS_S = (5, 60, 300, 1200, 3600)
_NAMED_PLACES = 10
_LABELS = 5


def build(figures: Figures, units: Units) -> Section | None:
    """The section from the newest ride that counts; None where there is none."""
    ride = figures.last_ride
    if ride is None:
        return None
    trace, finding = figures.last_ride_trace, _finding(ride)
    facts, places = _facts(figures, ride, units), _places(figures, ride)
    charts = [] if trace is None else [_chart(ride, trace, finding)]
    return Section(
        "ride",
        f"{_TOPIC} · {day(ride['activity_date'])}",
        finding,
        charts,
        {"ride": _points(ride, trace)} if trace else {},
        [_table(ride, facts, places)],
        ""
        if trace
        else "Its power over time is drawn when its seconds are here and a power meter measured them.",
        short=_TOPIC,
        width="narrow",
        facts=facts,
        badges=tuple(places),
        shape=figures.last_ride_shape or "",
    )


def _finding(ride: Row) -> str:
    text = f"{short_name(ride)}: {duration(ride['moving_time_s'])}"
    if ride["normalized_power_w"]:
        return f"{text} at a normalized power of {quantity(ride['normalized_power_w'], 'W')}."
    if ride["average_watts"]:
        return f"{text} at {quantity(ride['average_watts'], 'W')}."
    return text + ", without measured power."


def _facts(figures: Figures, ride: Row, units: Units) -> tuple[Fact, ...]:
    facts = {
        "Distance": quantity(units.far(ride["distance_m"]), units.distance, 1),
        "Climbing": quantity(units.high(ride["climb_m"]), units.climb) if ride["climb_m"] else "",
        "TSS": number(ride["tss"]) if ride["tss"] else "",
        "Work": quantity(ride["work_kj"], "kJ") if ride["work_kj"] else "",
        "Drift": f"{signed(ride['decoupling_pct'], 1)}\u00a0%" if ride["decoupling_pct"] is not None else "",
    }
    if balance := figures.w_balances.get(ride["activity_id"]):
        # Below zero critical power or W' is too low for the ride; nothing was left.
        share = max(0.0, balance["lowest_balance_share"])
        facts["W\u2032 left at the lowest"] = quantity(100 * share, "%")
        facts["Matches"] = number(balance["matches"]) if balance["matches"] else ""
    return tuple(Fact(name, text) for name, text in facts.items() if text)


def _places(figures: Figures, ride: Row) -> list[str]:
    """Its places among the efforts of the year's rides; none while the seconds of many are still to come."""
    if figures.rides_so_far:
        return []
    year = [row for row in figures.activities if row["activity_date"].year == ride["activity_date"].year]
    places = []
    for seconds in _EFFORTS_S:
        field = f"best_{seconds}s_w"
        if ride[field] is None:
            continue
        place = 1 + sum(row[field] is not None and row[field] > ride[field] for row in year)
        if place <= _NAMED_PLACES:
            rank = "best" if place == 1 else f"{ordinal(place)} best"
            places.append(f"{rank} {effort_duration(seconds)} of {ride['activity_date'].year}")
    return places


def _chart(ride: Row, trace: PowerTrace, finding: str) -> Chart:
    reached = {point.get("z") for point in _points(ride, trace)}
    return Chart(
        "ride-power",
        "Power, W",
        f"Mean power of every {effort_duration(trace.step_s)} of the ride. {finding}",
        _trace(ride, trace),
        legend=tuple(zone for zone in zip(POWER_ZONES, POWER_PALETTE, strict=True) if zone[0] in reached),
    )


def _points(ride: Row, trace: PowerTrace) -> Points:
    """The steps, and the zones as bands up to a little above the highest of them."""
    steps: Points = [
        {"t": place * trace.step_s, "p": round(watts)} if watts is not None else {"t": place * trace.step_s}
        for place, watts in enumerate(trace.watts)
    ]
    if not ride["ftp_w"]:
        return steps
    top = 1.05 * max((watts for watts in trace.watts if watts is not None), default=0)
    limits = [share * ride["ftp_w"] / 100 for share in (0, *POWER_ZONES_PCT)]
    bands: Points = [
        {"z": name, "a": round(low, 1), "b": round(min(high, top), 1)}
        for name, low, high in zip(POWER_ZONES, limits, [*limits[1:], top], strict=True)
        if low < top
    ]
    return [*bands, *steps]


def _length_s(trace: PowerTrace) -> int:
    return len(trace.watts) * trace.step_s


def _trace(ride: Row, trace: PowerTrace) -> Spec:
    last_s = _length_s(trace)
    label = "floor(datum.value / 3600) + ':' + format(floor(datum.value % 3600 / 60), '02d')"
    x: Spec = {
        "field": "t",
        "type": "quantitative",
        "scale": {"domain": [0, last_s], "nice": False},
        "axis": {
            "title": None,
            "values": [round(last_s * place / (_LABELS - 1)) for place in range(_LABELS)],
            "labelExpr": label,
            "labelFlush": True,
        },
    }
    shades = nominal("z", color_scale(POWER_ZONES, POWER_PALETTE))
    ends: dict[str, Any] = {
        "x": None,
        "y": {"field": "a"},
        "y2": {"field": "b"},
        "color": shades,
    }
    band = {"mark": {"type": "rect", "opacity": 0.28}, "encoding": ends}
    filled = {"type": "area", "color": color("accent"), "opacity": 0.3}
    area = {"mark": filled, "encoding": {"y": {"field": "p"}}}
    layers = [having("z", band), having("t", area), having("t", line("p", "accent", 1.25))]
    if watts := ride["normalized_power_w"]:
        layers += _normalized_power(watts, last_s)
    return plot(
        "ride", x, values(lines=4), *layers, height=250, tooltip=tooltip(("p", "Power W", ".0f")), hover=2
    )


def _normalized_power(watts: float, last_s: int) -> list[Spec]:
    only = {"data": {"values": [{"n": round(watts), "e": last_s}]}}
    dashed = {"type": "rule", "strokeDash": [4, 3], "color": color("text")}
    words = {"type": "text", "align": "right", "dy": -7, "fontWeight": "bold", "color": color("text")}
    along = {"y": {"field": "n"}, "x": None}
    label = {"y": {"field": "n"}, "x": {"field": "e"}, "text": {"value": f"NP {number(watts)}\u00a0W"}}
    return [only | layer for layer in ({"mark": dashed, "encoding": along}, *readable_text(words, label))]


def _table(ride: Row, facts: tuple[Fact, ...], places: list[str]) -> Table:
    zones = [
        (f"Zone {name}", duration(ride[f"power_zone_{place}_s"]))
        for place, name in enumerate(POWER_ZONES, 1)
        if ride[f"power_zone_{place}_s"]
    ]
    rows = [(fact.name, fact.value) for fact in facts]
    return Table(
        "The ride in numbers",
        ("What", "Value"),
        [
            ("Ride", ride_link(ride["activity_id"], short_name(ride))),
            ("Time in motion", duration(ride["moving_time_s"])),
            *rows,
            *zones,
            *(("Place", place) for place in places),
        ],
    )
