"""From Vega-Lite to what the page carries: still SVG, Vega for the browser, the script that draws it.

vl-convert is imported here alone. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from strava_assets.report.theme import config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.report.sections.parts import Points

# What a screen reader would hear mark by mark, and what is drawn without being seen.
_UNSEEN = re.compile(
    r' (?:class|role|aria-\w+)="[^"]*"'
    r'|<path d="[^"]*" display="none"/>'
    r'|<(?:line|path) [^>]* opacity="0"/>'
)
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_CLIP = re.compile(r"\bclip\d+\b")


def as_vega(spec: dict[str, Any]) -> dict[str, Any]:
    """Vega-Lite compiled, so that the browser does not have to."""
    import vl_convert

    return vl_convert.vegalite_to_vega(spec | {"config": config()})


def as_svg(name: str, vega: dict[str, Any], data: Mapping[str, Points]) -> str:
    """A still drawing; its colours are the palette's names.

    Args:
        name: the chart's; keeps what it defines apart from other drawings on the page.
        vega: the compiled chart.
        data: the rows it names.
    """
    import vl_convert

    filled = [
        entry | {"values": data[entry["name"]]} if entry["name"] in data else entry for entry in vega["data"]
    ]
    svg = vl_convert.vega_to_svg(vega | {"data": filled})
    svg = _UNSEEN.sub("", svg)
    svg = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), svg)
    # Vega counts clips from the first drawing of the process on; the same chart is to be the same text.
    clips = {clip: f"{name}-{rank}" for rank, clip in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    return _CLIP.sub(lambda match: clips[match[0]], svg)


@cache
def script() -> str:
    """The library that draws Vega in the browser, as one script that sets `vegaKit`."""
    import vl_convert

    vega = f"https://cdn.jsdelivr.net/npm/vega@{vl_convert.get_vega_version()}/+esm"
    try:
        # vl-convert carries Vega under this name; without Vega-Lite the script is a third smaller.
        return vl_convert.javascript_bundle(
            f'import {{View, parse}} from "{vega}"; window.vegaKit = {{View, parse}};'
        )
    except RuntimeError:
        return vl_convert.javascript_bundle("window.vegaKit = vegaEmbed.vega;")
