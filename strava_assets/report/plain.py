"""Charts as plain SVG of a few kilobytes, drawn within milliseconds and without an engine.

What is drawn of which mart stands in `mart_charts`; the page's charts are Altair's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Literal

from strava_assets.report.numbers import number
from strava_assets.report.theme import filled_in, ink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    _Place = Callable[[float], int]

WIDTH, _LEFT, _RIGHT = 760, 48, 744
_PANEL_GAP, _MARGIN = 58, 16
_LABELS = 10
_CHARACTER = 6.6
"""Pixels of a letter of the legend, on the generous side."""


@dataclass(frozen=True)
class Mark:
    """Points drawn one way.

    Args:
        kind: how.
        colour: the palette's name.
        points: (across, up), from left to right; up is None where nothing is known: the line breaks there.
        size: a line's width or a dot's radius in pixels, a bar's width in units of the axis.
        name: its entry in the legend; none when empty.
        floors: where bars begin; at zero by default.
        hollow: whether bars are outlined only.
    """

    kind: Literal["line", "step", "bar", "dot"]
    colour: str
    points: Sequence[tuple[float, float | None]]
    size: float
    name: str = ""
    floors: Sequence[float] = ()
    hollow: bool = False


@dataclass(frozen=True)
class Axis:
    """What runs from left to right, in numbers.

    Args:
        low: the left end.
        high: the right end.
        labels: what stands below it, by place.
    """

    low: float
    high: float
    labels: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Panel:
    """One drawing over the axis.

    Args:
        title: what is drawn, with its unit.
        marks: from the back to the front.
        height: pixels.
        from_zero: whether the scale begins at zero.
    """

    title: str
    marks: Sequence[Mark]
    height: int = 200
    from_zero: bool = False


def draw(panels: Sequence[Panel], axis: Axis) -> str:
    """Panels one below the other over one axis, as an SVG on white; empty where nothing is known.

    Args:
        panels: those without a known value are left out.
        axis: what they share.
    """
    panels = [
        panel for panel in panels if any(up is not None for mark in panel.marks for _, up in mark.points)
    ]
    if not panels:
        return ""
    drawn, top = "", _MARGIN
    for panel in panels:
        drawn += _panel(panel, axis, top)
        top += panel.height + _PANEL_GAP
    return filled_in(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="{ink("card")}"/>'
        f"{drawn}</svg>"
    )


def along_days(days: Iterable[date], *, room: int = 0) -> Axis:
    """An axis of days, by their ordinals; months are named, January by its year.

    Args:
        days: what is to be on it.
        room: days left free at both ends.
    """
    found = sorted(days)
    first, last = found[0], found[-1]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months / step <= _LABELS), 120)
    begin = first.year * 12 + first.month - 1
    labels = [
        (date(month // 12, month % 12 + 1, 1).toordinal(), _month(month))
        for month in range(-(-begin // step) * step, last.year * 12 + last.month, step)
    ]
    low, high = first.toordinal() - room, last.toordinal() + room
    return Axis(low, high, [(place, label) for place, label in labels if low <= place <= high])


def trail(places: Sequence[tuple[int, int] | None], *, steps: bool = False) -> str:
    """The path through places in whole pixels, relative, which is half as long; None breaks it.

    Args:
        places: from left to right. A lone one becomes a dot as wide as the line.
        steps: whether it goes along before it goes up.
    """
    path, before = "", None
    for index, place in enumerate(places):
        if place and before is None:
            path += f"M{place[0]},{place[1]}"
            if index + 1 == len(places) or places[index + 1] is None:
                path += "h0"
        elif place and before:
            across, up = place[0] - before[0], place[1] - before[1]
            path += f"h{across}v{up}" if steps else f"l{across},{up}".replace(",-", "-")
        before = place
    return path


def _month(month: int) -> str:
    return (
        f"{date(month // 12, month % 12 + 1, 1):%Y}"
        if month % 12 == 0
        else f"{date(2000, month % 12 + 1, 1):%b}"
    )


def _panel(panel: Panel, axis: Axis, top: float) -> str:
    low, high, step = _scale(panel)
    across = (_RIGHT - _LEFT) / ((axis.high - axis.low) or 1)
    up = panel.height / (high - low)
    floor = top + 24 + panel.height

    def x(value: float) -> int:
        return round(_LEFT + (value - axis.low) * across)

    def y(value: float) -> int:
        return round(floor - (value - low) * up)

    title = escape(panel.title)
    text = (
        f'<text x="{_MARGIN}" y="{top + 8}" font-weight="bold" fill="{ink("ink")}">{title}</text>'
        + _legend(panel.marks, top)
    )
    lines, value = "", low
    while value <= high + step / 1000:
        lines += f"M{_LEFT} {y(value)}H{_RIGHT}"
        text += _label(_LEFT - 6, y(value) + 4, number(value, 0 if step % 1 == 0 else 1), "end")
        value += step
    text += "".join(_label(x(place), floor + 17, label, "middle") for place, label in axis.labels)
    drawn = "".join(_mark(mark, x, y, across) for mark in panel.marks)
    return f'<path d="{lines}" stroke="{ink("line")}"/>{drawn}{text}'


def _scale(panel: Panel) -> tuple[float, float, float]:
    """The ends of a panel's scale and what lies between its lines: a round number."""
    known = [up for mark in panel.marks for _, up in mark.points if up is not None]
    known += [floor for mark in panel.marks for floor in mark.floors]
    low, high = min(known), max(known)
    if panel.from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    rough = (high - low or abs(high) or 1) / (4 if panel.height >= 150 else 2)
    power = 10 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if rough <= factor * power)
    low = math.floor(low / step) * step
    return low, max(math.ceil(high / step - 1e-9) * step, low + step), step


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{ink("muted")}">{escape(text)}</text>'


def _legend(marks: Sequence[Mark], top: float) -> str:
    drawn, right = "", float(_RIGHT)
    for mark in reversed([mark for mark in marks if mark.name]):
        right -= _CHARACTER * len(mark.name)
        drawn += (
            f'<rect x="{right - 15:.0f}" y="{top - 1}" width="10" height="10" fill="{ink(mark.colour)}"/>'
            + _label(round(right), top + 8, mark.name, "start")
        )
        right -= 30
    return drawn


def _mark(mark: Mark, x: _Place, y: _Place, across: float) -> str:
    places = [None if up is None else (x(place), y(up)) for place, up in mark.points]
    if mark.kind == "bar":
        wide = max(round(mark.size * across) - 1, 1)
        floors = [y(floor) for floor in mark.floors] or [y(0)] * len(places)
        path = "".join(
            f"M{place[0] - wide // 2},{floor}V{place[1]}h{wide}V{floor}z"
            for place, floor in zip(places, floors, strict=True)
            if place
        )
        outline = f' stroke="{ink(mark.colour)}" stroke-width="1.5"' if mark.hollow else ""
        return f'<path d="{path}" fill="{ink("card" if mark.hollow else mark.colour)}"{outline}/>'
    if mark.kind == "dot":
        # The round ends of lines of no length.
        path, width = "".join(f"M{place[0]},{place[1]}h0" for place in places if place), 2 * mark.size
    else:
        path, width = trail(places, steps=mark.kind == "step"), mark.size
    return (
        f'<path d="{path}" fill="none" stroke="{ink(mark.colour)}" stroke-width="{width:g}" '
        f'stroke-linejoin="round" stroke-linecap="round"/>'
    )
