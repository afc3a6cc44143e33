"""From Vega-Lite to what the page carries: still SVG, Vega for the browser, the script that draws it.

vl-convert is imported here alone. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from strava_assets.report.slim import slim
from strava_assets.report.theme import config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.report.sections.parts import Points

_ROOM = 14
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
    # The page's typeface may be wider than the one labels are measured in here.
    svg = vl_convert.vega_to_svg(vega | {"data": filled, "padding": vega["padding"] | {"left": _ROOM}})
    svg = slim(svg)
    # Vega counts clips from the first drawing of the process on; the same chart is to be the same text.
    clips = {clip: f"{name}-{rank}" for rank, clip in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    return _CLIP.sub(lambda match: clips[match[0]], svg)


# Of Vega's packages those that draw here, as this vl-convert carries them; maps, trees, forces and clouds of
# words would be a quarter of the script.
_PACKAGES = {
    "dataflow": "6.1.0",
    "transforms": "5.1.0",
    "view-transforms": "5.1.0",
    "encode": "5.1.0",
    "view": "6.1.0",
    "parser": "7.1.0",
}


@cache
def script() -> str:
    """The library that draws Vega in the browser, as one script that sets `vegaKit`."""
    import vl_convert

    at = {
        name: f'"https://cdn.jsdelivr.net/npm/vega-{name}@{version}/+esm"'
        for name, version in _PACKAGES.items()
    }
    try:
        return vl_convert.javascript_bundle(
            f"""
            import {{ transforms }} from {at["dataflow"]};
            import * as shaping from {at["transforms"]};
            import * as placing from {at["view-transforms"]};
            import * as encoding from {at["encode"]};
            import {{ View }} from {at["view"]};
            import {{ parse }} from {at["parser"]};
            Object.assign(transforms, shaping, placing, encoding);
            window.vegaKit = {{ View, parse }};
            """
        )
    except RuntimeError:
        # Another vl-convert carries other versions; whole, the script is only longer.
        return vl_convert.javascript_bundle("window.vegaKit = vegaEmbed.vega;")
