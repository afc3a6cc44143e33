"""Makes a still drawing small: what nobody sees or hears goes, and runs of like marks become one path.

A quarter of the page would be marks that differ in nothing but their place.
"""

from __future__ import annotations

import re

# What a screen reader would hear mark by mark, what is so anyway, and what is drawn without being seen.
_UNSEEN = re.compile(
    r' (?:class|role|aria-\w+)="[^"]*"'
    r'| opacity="1"| font-weight="normal"| font-family="sans-serif"| font-size="12px"'
    r'|<path d="[^"]*" display="none"/>|<path d="" pointer-events="none" display="none"/>'
    r'|<path d="M0,0h0v0h0Z" pointer-events="none"/>'
    r'|<(?:line|path) [^>]* opacity="0"/>'
)
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


def slim(svg: str) -> str:
    """The same picture in fewer characters.

    Args:
        svg: as Vega draws it. Like marks that follow each other are taken to be opaque.
    """
    svg = _UNSEEN.sub("", svg)
    svg = _PLACES.sub(_coarse, svg)
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


def _coarse(places: re.Match[str]) -> str:
    """Places to a tenth of a pixel; those of a line relative to each other, without adding up what is cut."""
    if not _LINE.fullmatch(places[0]):
        return _FINE.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), places[0])
    path, before = "", (0, 0)
    for command, across, down in _STEP.findall(places[0]):
        to = round(10 * float(across)), round(10 * float(down))
        if command == "M":
            path += f"M{to[0] / 10:g},{to[1] / 10:g}"
        else:
            path += f"l{(to[0] - before[0]) / 10:g},{(to[1] - before[1]) / 10:g}"
        before = to
    return _ZERO.sub(".", path).replace(",-", "-")
