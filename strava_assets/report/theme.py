"""The palette in light and dark, and the configuration that all charts share.

Charts name colors as CSS variables, so that one drawing serves light, dark and print; a drawing outside the
page gets the values instead. Add a color or a default of Vega-Lite here; sizes of single charts stay with
them.
"""

from __future__ import annotations

import re
from typing import Any

# The colors differ in lightness as much as in hue, so that they serve every kind of color blindness.
LIGHT = {
    "page": "#f4f6f5",
    "card": "#ffffff",
    "text": "#14211e",
    "muted": "#566560",
    "faint": "#8b9994",
    "line": "#dde4e1",
    "accent": "#00705f",
    "soft": "#a9b8b3",
    "second": "#8a3583",
    "gold": "#a87400",
    "bar": "#6fa89c",
    "year1": "#003f36",
    "year2": "#24796b",
    "year3": "#62a195",
    "year4": "#98c2b9",
    "year5": "#c2d8d3",
    "heat0": "#e9eeec",
    "heat1": "#c0dbd5",
    "heat2": "#83b9ae",
    "heat3": "#3b8d7f",
    "heat4": "#004f44",
    "zone1": "#d3dcd8",
    "zone2": "#98c6bc",
    "zone3": "#4d9c8d",
    "zone4": "#e0b040",
    "zone5": "#b8578e",
    "zone6": "#8a3583",
    "zone7": "#451042",
    "sport1": "#00705f",
    "sport2": "#d4a017",
    "sport3": "#5b6fc4",
    "sport4": "#b05fa8",
    "sport5": "#a9b8b3",
}
DARK = {
    "page": "#0d1211",
    "card": "#151c1a",
    "text": "#e9f0ed",
    "muted": "#9fada8",
    "faint": "#6d7c77",
    "line": "#2a3532",
    "accent": "#4cc8b0",
    "soft": "#5e6f69",
    "second": "#df8fd6",
    "gold": "#e8b84a",
    "bar": "#3c7a6e",
    "year1": "#8df0dd",
    "year2": "#4fc0aa",
    "year3": "#359080",
    "year4": "#2d6c60",
    "year5": "#2f4f48",
    "heat0": "#1f2826",
    "heat1": "#1f4a43",
    "heat2": "#2a7465",
    "heat3": "#3fa692",
    "heat4": "#86ecd8",
    "zone1": "#33403c",
    "zone2": "#2f6a5f",
    "zone3": "#44a592",
    "zone4": "#e8c15a",
    "zone5": "#b06aa4",
    "zone6": "#d99ad2",
    "zone7": "#f7e3f5",
    "sport1": "#4cc8b0",
    "sport2": "#e8c15a",
    "sport3": "#8f9ff0",
    "sport4": "#d98fd0",
    "sport5": "#5e6f69",
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
