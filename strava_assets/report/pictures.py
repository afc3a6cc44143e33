"""What a UI shows inline: a spark line, a drawing that carries itself, a short table, all as markdown."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from strava_assets.report.markdown import escaped, table, table_line
from strava_assets.report.numbers import NOTHING, number
from strava_assets.report.plain import trail
from strava_assets.report.theme import filled_in, ink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INLINE_CHARACTERS = 1000
"""What Dagster's UI shows inline is shorter than this."""


_WIDE, _HIGH, _ROOM, _CAPTION = 240, 56, 6, 20


def spark(values: Sequence[float | None], caption: str = "") -> str:
    """A line through values as bare SVG in the palette's colours; a gap where a value is None.

    Args:
        values: oldest first.
        caption: what stands below it; plain words.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    across = (_WIDE - 2 * _ROOM) / max(len(values) - 1, 1)
    up = (_HIGH - 2 * _ROOM) / (high - low or 1)
    places = [
        None
        if value is None
        else (
            round(_ROOM + index * across),
            round(_HIGH - _ROOM - (value - low) * up) if high > low else _HIGH // 2,
        )
        for index, value in enumerate(values)
    ]
    x, y = next(place for place in reversed(places) if place)
    down = _HIGH + (_CAPTION if caption else 0)
    drawn = (
        f"<path d='{trail(places)}' fill='none' stroke='{ink('accent')}' stroke-width='2.5' "
        f"stroke-linecap='round' stroke-linejoin='round'/>"
        f"<circle cx='{x}' cy='{y}' r='5' fill='{ink('accent')}'/>"
    )
    if caption:
        drawn += f"<text x='{_ROOM}' y='{_HIGH + 12}' font-size='12' fill='{ink('muted')}'>{caption}</text>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDE}' height='{down}' "
        f"viewBox='0 0 {_WIDE} {down}' font-family='sans-serif' aria-hidden='true'>{drawn}</svg>"
    )


def sparkline_svg(values: Sequence[float | None], label: str = "trend") -> str:
    """A spark line with its extremes as a markdown image, short enough to be shown inline.

    Args:
        values: oldest first; None is a gap. Thinned to what fits; the newest stays.
        label: the picture in a word or two; letters, digits and spaces.
    """
    known = [value for value in values if value is not None]
    caption = f"{number(min(known))} to {number(max(known))}, last {number(known[-1])}" if known else ""
    for step in range(1, len(values) + 1):
        svg = filled_in(spark(list(values)[::-1][::step][::-1], caption))
        image = markdown_image(svg, label) if svg else ""
        if len(image) < INLINE_CHARACTERS:
            return image
    return ""


def markdown_image(svg: str, label: str) -> str:
    """A drawing as a markdown image that carries itself.

    Args:
        svg: the drawing.
        label: what it shows; letters, digits and spaces.
    """
    address = quote(svg, safe="=:/,'")
    return f"![{label}](data:image/svg+xml,{address})"


def preview_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Rows as a markdown table under the inline limit: as many of the first as fit.

    Args:
        rows: the rows, those that matter most first.
        columns: which of them; by default all of the first row.
    """
    heads = list(columns or (rows[0] if rows else ()))
    text = table(heads, []) if heads else "No rows."
    for row in rows:
        line = "\n" + table_line(_cell(row.get(head)) for head in heads)
        if len(text) + len(line) >= INLINE_CHARACTERS:
            break
        text += line
    return text


def _cell(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, date):
        # A hyphen at which no narrow cell breaks the line.
        return str(value).replace("-", "\u2011")
    return escaped(str(value)[:40])
