"""From Vega-Lite to what the page carries: still SVG, Vega for the browser, the script that draws it.

vl-convert is imported here alone. Nothing is fetched from anywhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from strava_assets.report.theme import config


def as_vega(spec: dict[str, Any]) -> dict[str, Any]:
    """Vega-Lite compiled, so that the browser does not have to."""
    import vl_convert

    return vl_convert.vegalite_to_vega(spec | {"config": config()})


def as_svg(vega: dict[str, Any]) -> str:
    """A still drawing; its colours are the palette's names."""
    import vl_convert

    return vl_convert.vega_to_svg(vega)


@cache
def script() -> str:
    """The library that draws in the browser, as one script."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
