"""The palette in light and dark, and the configuration that all charts share.

Charts name colors as CSS variables, so that one drawing serves light, dark and print; a drawing outside the
page gets the values instead. Add a color or a default of Vega-Lite here; sizes of single charts stay with
them.
"""

from __future__ import annotations

import re
from typing import Any

# Grays and one accent; warm stands for what was lost and what was hard. Colors differ in lightness as much as
# in hue, so that they serve every kind of color blindness.
LIGHT = {
    "page": "#f3f5f4",
    "card": "#ffffff",
    "text": "#14211e",
    "muted": "#566560",
    "faint": "#8b9994",
    "line": "#dfe4e2",
    "accent": "#00705f",
    "tint": "#e3efec",
    "warm": "#b4540a",
    "soft": "#a9b8b3",
    "second": "#4b5a55",
    "bar": "#c3cdc9",
    "year1": "#00705f",
    "year2": "#3f4d48",
    "year3": "#7c8a85",
    "year4": "#aab5b1",
    "year5": "#cfd7d4",
    "heat0": "#e9eeec",
    "heat1": "#c0dbd5",
    "heat2": "#83b9ae",
    "heat3": "#3b8d7f",
    "heat4": "#004f44",
    "zone1": "#d3dad7",
    "zone2": "#a3cac1",
    "zone3": "#55a191",
    "zone4": "#00705f",
    "zone5": "#e2a72e",
    "zone6": "#c8641b",
    "zone7": "#7a2f0a",
    "sport1": "#00705f",
    "sport2": "#3f4d48",
    "sport3": "#7c8a85",
    "sport4": "#aab5b1",
    "sport5": "#d6dcda",
}
DARK = {
    "page": "#0d1211",
    "card": "#151c1a",
    "text": "#e9f0ed",
    "muted": "#9fada8",
    "faint": "#6d7c77",
    "line": "#2a3532",
    "accent": "#4cc8b0",
    "tint": "#17322d",
    "warm": "#f0a062",
    "soft": "#5e6f69",
    "second": "#b5c2bd",
    "bar": "#44534e",
    "year1": "#4cc8b0",
    "year2": "#d3ddd9",
    "year3": "#93a19c",
    "year4": "#66746f",
    "year5": "#3f4b47",
    "heat0": "#1f2826",
    "heat1": "#1f4a43",
    "heat2": "#2a7465",
    "heat3": "#3fa692",
    "heat4": "#86ecd8",
    "zone1": "#33403c",
    "zone2": "#2a5f55",
    "zone3": "#37917f",
    "zone4": "#4cc8b0",
    "zone5": "#e8c15a",
    "zone6": "#ec8a45",
    "zone7": "#f9d2b8",
    "sport1": "#4cc8b0",
    "sport2": "#d3ddd9",
    "sport3": "#93a19c",
    "sport4": "#66746f",
    "sport5": "#3f4b47",
}


def color(name: str) -> str:
    """A color of the palette as charts name it."""
    return f"var(--{name})"


def css_variables(palette: dict[str, str]) -> str:
    """A palette as CSS declarations."""
    return ";".join(f"--{name}:{value}" for name, value in palette.items())


def with_colors(svg: str, palette: dict[str, str] = LIGHT) -> str:
    """A drawing with the values of the palette in place of their names, for use outside the page."""
    return re.sub(r"var\(--(\w+)\)", lambda match: palette[match[1]], svg)


def config() -> dict[str, Any]:
    """The configuration of every chart. The page describes a chart in words, so marks have no labels."""
    return {
        "aria": False,
        "background": None,
        "padding": {"left": 0, "right": 4, "top": 6, "bottom": 5},
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {
            "labelColor": color("muted"),
            "titleColor": color("muted"),
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "gridColor": color("line"),
            "domain": False,
            "ticks": False,
            "labelPadding": 8,
        },
        "axisX": {"grid": False, "labelFlush": False},
        "legend": {
            "labelColor": color("text"),
            "labelFontSize": 12,
            "title": None,
            "orient": "top",
            "direction": "horizontal",
            "symbolStrokeWidth": 3,
            "columnPadding": 18,
            "offset": 10,
        },
        "text": {"color": color("text"), "fontSize": 12},
        "line": {"strokeJoin": "round", "strokeCap": "round"},
    }
