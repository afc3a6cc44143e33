"""Makes a drawing small: it drops what nobody sees or hears, and joins equal marks into one path.

A quarter of the page would be marks that differ in nothing but their place. Add a rule when Vega writes
something else that repeats; nothing here may change the picture.
"""

from __future__ import annotations

import re

# What a screen reader would hear mark by mark, defaults, and marks that are invisible.
_UNSEEN = re.compile(
    r' (?:class|role|aria-\w+|pointer-events|version|xmlns:xlink)="[^"]*"'
    r'| opacity="1"| font-weight="normal"| font-family="sans-serif"| font-size="12px"'
)
# Marks without a color or hidden, and groups that hold nothing; Vega draws frames and backgrounds that way.
_EMPTY = re.compile(r'<path d="[^"]*"(?: display="none")?/>|<(?:line|path) [^>]* opacity="0"/>|<g[^>]*/>')
_GROUP = re.compile(r"<g[^>]*>|</g>")
_PLACES = re.compile(r'(?<= d=")[^"]+|(?<=transform=")[^"]+')
_FINE = re.compile(r"-?\d+\.\d{2,}")
_LINE = re.compile(r"M[-\d.,]+(?:[ML][-\d.,]+)+")
_STEP = re.compile(r"([ML])(-?[\d.]+),(-?[\d.]+)")
_ZERO = re.compile(r"(?<!\d)0\.")
_DOT = re.compile(
    r'<path transform="translate\(([^)]+)\)" d="M([\d.]+),0A\2,\2,0,1,1,-\2,0A\2,\2,0,1,1,\2,0" '
    r'fill="([^"]+)" stroke-width="[^"]+"/>'
)
_RUN = re.compile(r'<path d="[^"]*"([^>]*)/>(?:<path d="[^"]*"\1/>)+')
_PATH = re.compile(r' d="([^"]*)"')


def minify_svg(svg: str) -> str:
    """The same picture in fewer characters.

    Args:
        svg: as Vega draws it. Equal marks that follow each other must be opaque.
    """
    svg = _without_bare_groups(_EMPTY.sub("", _UNSEEN.sub("", svg)))
    svg = _PLACES.sub(_rounded, svg)
    # A dot is the round end of a line of no length.
    svg = _DOT.sub(
        lambda dot: (
            f'<path d="M{dot[1]}h0" stroke="{dot[3]}" stroke-width="{2 * float(dot[2]):g}" '
            f'stroke-linecap="round"/>'
        ),
        svg,
    )
    svg = _RUN.sub(lambda run: f'<path d="{"".join(_PATH.findall(run[0]))}"{run[1]}/>', svg)
    return svg.replace("<svg ", '<svg font-family="sans-serif" font-size="12" ', 1)


def _without_bare_groups(svg: str) -> str:
    """The same without groups that neither move nor style what they hold."""
    has_effect: list[bool] = []

    def tag_with_effect(tag: re.Match[str]) -> str:
        if tag[0] == "</g>":
            return tag[0] if has_effect.pop() else ""
        has_effect.append(tag[0] not in ("<g>", '<g transform="translate(0,0)">'))
        return tag[0] if has_effect[-1] else ""

    return _GROUP.sub(tag_with_effect, svg)


def _rounded(places: re.Match[str]) -> str:
    """Places to a tenth of a pixel; in a line relative to each other, without accumulating errors."""
    if not _LINE.fullmatch(places[0]):
        return _FINE.sub(lambda place: f"{float(place[0]):.1f}".removesuffix(".0"), places[0])
    path, before = "", (0, 0)
    for command, across, down in _STEP.findall(places[0]):
        to = round(10 * float(across)), round(10 * float(down))
        if command == "M":
            path += f"M{to[0] / 10:g},{to[1] / 10:g}"
        else:
            path += f"l{(to[0] - before[0]) / 10:g},{(to[1] - before[1]) / 10:g}"
        before = to
    return _ZERO.sub(".", path).replace(",-", "-")
