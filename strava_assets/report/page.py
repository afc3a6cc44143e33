"""The page: sections and tiles laid into one self-contained HTML file. What they say is decided elsewhere."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from strava_assets.report import drawing
from strava_assets.report.figures import instant
from strava_assets.report.numbers import UNITS, counted, day, month
from strava_assets.report.pictures import spark
from strava_assets.report.sections import build_sections
from strava_assets.report.theme import DARK, LIGHT, css_variables
from strava_assets.report.tiles import build_tiles

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Template

    from strava_assets.report.figures import Figures

_FOLDER = Path(__file__).parent


def build_page(
    figures: Figures,
    *,
    units: Literal["metric", "imperial"] = "metric",
    generated_at: datetime,
    sample: bool = False,
    title: str = "Ride insights",
) -> str:
    """One HTML file that needs nothing else: no address is loaded, and without a script it is whole as well.

    Args:
        figures: what to show.
        units: kilometres and metres, or miles and feet.
        generated_at: when, with its time zone.
        sample: the athlete is invented; the page says so.
        title: the page's name.
    """
    told = UNITS[units]
    sections = build_sections(figures, told)
    waiting = [section for section in sections if not section.charts and not section.tables]
    charts = [chart for section in sections for chart in section.charts]
    vega = {chart.name: drawing.as_vega(chart.spec) for chart in charts}
    data = {name: rows for section in sections for name, rows in section.data.items()}
    stills = {
        chart.name: _scalable(drawing.as_svg(chart.name, vega[chart.name], data))
        for chart in charts
        if not chart.zooms
    }
    return _template().render(
        title=title,
        generated=instant(generated_at),
        sample=sample,
        period=_period(figures),
        others=figures.other_athletes,
        tiles=[(tile, spark(tile.trail)) for tile in build_tiles(figures, told)],
        sections=[section for section in sections if section not in waiting],
        waiting=waiting,
        stills=stills,
        specs=[(chart.name, _embedded(_own(vega[chart.name]))) for chart in charts],
        look=_embedded(vega[charts[0].name]["config"]) if charts else "",
        data=[(name, _embedded(rows)) for name, rows in data.items()],
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        library=drawing.script().replace("</script", "<\\/script") if charts else "",
        code=(_FOLDER / "page.js").read_text(encoding="utf-8") if charts else "",
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.jinja")


def _period(figures: Figures) -> str:
    days = figures.ride_days
    if not days:
        return "No rides yet"
    rides = counted(sum(row["rides"] for row in days), "ride")
    return f"{rides} · {month(days[0]['activity_date'])} to {day(days[-1]['activity_date'])}"


def _own(vega: dict[str, Any]) -> dict[str, Any]:
    """A chart without what all have in common, which the page carries once."""
    return {name: part for name, part in vega.items() if name not in ("config", "$schema")}


def _scalable(svg: str) -> str:
    """A drawing that takes the width it is given; decoration to a screen reader, which is told in words."""
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _embedded(document: Any) -> str:
    """JSON inside a script element: nothing in it can end the element."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
