"""Small pictures that stand alone, as a UI shows them inline: a spark line, a chart, a table in markdown.

The page is not here.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from strava_assets.report import drawing
from strava_assets.report.numbers import NOTHING, UNITS
from strava_assets.report.sections import build_section
from strava_assets.report.theme import filled_in, ink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.report.figures import Figures

INLINE_CHARACTERS = 1000
"""What Dagster's UI shows inline is shorter than this."""


def spark(values: Sequence[float | None], width: int = 120, height: int = 28) -> str:
    """A line through values as bare SVG in the palette's colours; a gap where a value is None.

    Args:
        values: oldest first.
        width: pixels.
        height: pixels.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    across = (width - 6) / max(len(values) - 1, 1)
    down = (height - 6) / (high - low or 1)

    def at(index: int, value: float) -> str:
        middle = height / 2 if high == low else height - 3 - (value - low) * down
        return f"{3 + index * across:.4g} {middle:.3g}"

    path, pen_up = "", True
    for index, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        path += ("M" if pen_up else "L") + at(index, value)
        pen_up = False
    last = max(index for index, value in enumerate(values) if value is not None)
    x, y = at(last, values[last] or 0).split()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" aria-hidden="true"><path d="{path}" fill="none" stroke="{ink("accent")}" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>'
        f'<circle cx="{x}" cy="{y}" r="2.5" fill="{ink("accent")}"/></svg>'
    )


def sparkline_svg(values: Sequence[float | None], label: str = "trend") -> str:
    """A spark line as a markdown image, short enough to be shown inline; empty where no value is known.

    Args:
        values: oldest first; None is a gap. Thinned to what fits; the newest stays.
        label: the picture in a word or two; letters, digits and spaces.
    """
    for step in range(1, len(values) + 1):
        svg = filled_in(spark(list(values)[::-1][::step][::-1]))
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
    return f"![{label}](data:image/svg+xml,{quote(svg, safe='=:/,')})"


def chart_svg(mart: str, figures: Figures, units: Literal["metric", "imperial"] = "metric") -> str:
    """The chart of a mart as one SVG on white, with its title and legend; empty where there is none to draw.

    Args:
        mart: one of `MARTS`.
        figures: what was read; the mart's own rows are enough.
        units: kilometres or miles.
    """
    section = build_section(mart, figures, UNITS[units])
    if section is None or not section.charts:
        return ""
    chart = section.charts[0]
    drawn = drawing.as_svg(chart.name, drawing.as_vega(chart.spec), section.data)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawn)
    width, height = (float(size[1]), float(size[2])) if size else (0.0, 0.0)
    entries, across = "", 0.0
    for name, colour in chart.legend or section.legend:
        entries += (
            f'<rect x="{across:g}" y="31" width="10" height="10" rx="2" fill="{ink(colour)}"/>'
            f'<text x="{across + 15:g}" y="40" font-size="12" fill="{ink("muted")}">{escape(name)}</text>'
        )
        across += 34 + 7 * len(name)
    top, across = (56 if entries else 30), width + 32
    down = height + top + 32
    return filled_in(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across:g}" height="{down:g}" '
        f'viewBox="-16 -16 {across:g} {down:g}" '
        f'font-family="sans-serif"><rect x="-16" y="-16" width="100%" height="100%" fill="{ink("card")}"/>'
        f'<text y="14" font-size="15" font-weight="bold" fill="{ink("ink")}">{escape(chart.title)}</text>'
        f'{entries}<svg y="{top}" {drawn.removeprefix("<svg ")}</svg>'
    )


def preview_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Rows as a markdown table under the inline limit: as many of the first as fit.

    Args:
        rows: the rows, those that matter most first.
        columns: which of them; by default all of the first row.
    """
    heads = list(columns or (rows[0] if rows else ()))
    text = "\n".join([_line(heads), _line("---" for _ in heads)]) if heads else "No rows."
    for row in rows:
        line = "\n" + _line(_cell(row.get(head)) for head in heads)
        if len(text) + len(line) >= INLINE_CHARACTERS:
            break
        text += line
    return text


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.1f}"
    # A pipe or a line break would end the cell; markup would be read as such.
    text = str(value)[:40]
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
