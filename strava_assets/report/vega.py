"""Vega-Lite to Vega and SVG: the process that draws, and the library that draws in the browser.

vl-convert is imported here alone. Nothing is fetched from anywhere. `drawing_process` starts this module in
a process of its own; what charts look like is decided in `charts` and `theme`.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from strava_assets.report.minify_svg import minify_svg
from strava_assets.report.theme import config

if TYPE_CHECKING:
    from strava_assets.report.charts import Spec
    from strava_assets.report.section import Points


class Request(TypedDict):
    """A chart to draw.

    Args:
        name: keeps its clip paths apart from those of other drawings on the page.
        spec: the chart in Vega-Lite.
        rows: the rows that the chart names; none where it holds its own.
    """

    name: str
    spec: Spec
    rows: Points


class Drawing(TypedDict):
    """A chart as SVG in the palette's color names, its height in pixels, and as Vega without its rows."""

    svg: str
    height: int
    vega: dict[str, Any]


SCRIPT = Path(__file__).with_name("vega.js")
"""The library that draws Vega in the browser: one script that sets `vegaKit`; `make generate` writes it."""

# Of the Vega packages in this vl-convert those that draw here; maps, trees, forces and word clouds
# would be a quarter of the script.
_PACKAGES = {
    "dataflow": "6.1.0",
    "transforms": "5.1.0",
    "view-transforms": "5.1.0",
    "encode": "5.1.0",
    "view": "6.1.0",
    "parser": "7.1.0",
}
# The page's typeface may be wider than the one in which labels are measured here.
_LEFT_PADDING = 14
_HEIGHT = re.compile(r'<svg [^>]*height="([\d.]+)"')
_CLIP = re.compile(r"\bclip\d+\b")


def draw(request: Request) -> Drawing:
    """Draw one chart."""
    import vl_convert

    vega = vl_convert.vegalite_to_vega(request["spec"] | {"config": config()})
    source = request["spec"].get("data", {}).get("name")
    filled = [
        entry | {"values": request["rows"]} if source and entry["name"] == source else entry
        for entry in vega["data"]
    ]
    padding = (
        vega["padding"] if isinstance(vega["padding"], int) else vega["padding"] | {"left": _LEFT_PADDING}
    )
    svg = minify_svg(vl_convert.vega_to_svg(vega | {"data": filled, "padding": padding}))
    # Vega numbers clip paths from the start of the process on; the same chart must give the same text.
    clips = {clip: f"{request['name']}-{rank}" for rank, clip in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    height = _HEIGHT.search(svg)
    return {
        "svg": _CLIP.sub(lambda match: clips[match[0]], svg),
        "height": round(float(height[1])) if height else 0,
        "vega": vega,
    }


def serve() -> None:
    """Draw what comes in on standard input, a line of requests at a time, until it ends."""
    # Ctrl-C reaches every process of the terminal; this one ends with its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        print(json.dumps([draw(request) for request in json.loads(line)]), flush=True)  # noqa: T201 - the answer


def bundle_script() -> str:
    """The text of `vega.js`, from the packages that vl-convert carries."""
    import vl_convert

    address = {
        name: f'"https://cdn.jsdelivr.net/npm/vega-{name}@{version}/+esm"'
        for name, version in _PACKAGES.items()
    }
    script: str = vl_convert.javascript_bundle(
        f"""
        import {{ transforms }} from {address["dataflow"]};
        import * as shaping from {address["transforms"]};
        import * as placing from {address["view-transforms"]};
        import * as encoding from {address["encode"]};
        import {{ View }} from {address["view"]};
        import {{ parse }} from {address["parser"]};
        Object.assign(transforms, shaping, placing, encoding);
        window.vegaKit = {{ View, parse }};
        """
    )
    return script


def write_script() -> None:
    """Write `vega.js` anew, after an update of vl-convert."""
    SCRIPT.write_text(bundle_script(), encoding="utf-8")
