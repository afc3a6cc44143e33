"""The page: tiles and sections laid into one self-contained HTML file. What they say is decided elsewhere."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from strava_assets.report.charts import WIDTHS, sparkline
from strava_assets.report.drawing_process import draw_charts
from strava_assets.report.number_format import UNITS, counted, day, instant, month
from strava_assets.report.sections import build_sections
from strava_assets.report.theme import DARK, LIGHT, css_variables
from strava_assets.report.tiles import build_tiles
from strava_assets.report.vega import SCRIPT

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Template

    from strava_assets.report.charts import Spec
    from strava_assets.report.report_figures import Figures
    from strava_assets.report.section import Chart
    from strava_assets.report.vega import Request

_FOLDER = Path(__file__).parent


def build_page(
    figures: Figures,
    *,
    units: Literal["metric", "imperial"] = "metric",
    generated_at: datetime,
    sample: bool = False,
    title: str = "Ride insights",
) -> str:
    """One HTML file that loads nothing and is complete without its script.

    Args:
        figures: what to show.
        units: kilometers and meters, or miles and feet.
        generated_at: when, with its time zone.
        sample: the athlete is invented; the page says so.
        title: the page's name.

    Raises:
        DrawingError: the process that draws has ended.
    """
    sections = build_sections(figures, UNITS[units])
    missing = [section for section in sections if not section.charts and not section.tables]
    tiles = build_tiles(figures, UNITS[units])
    charts = [chart for section in sections for chart in section.charts]
    rows = {name: points for section in sections for name, points in section.data.items()}
    requests: list[Request] = [
        {"name": chart.name, "spec": _fitted(chart), "rows": rows[chart.spec["data"]["name"]]}
        for chart in charts
    ]
    requests += [{"name": "tile", "spec": sparkline(tile.trail, width=4), "rows": []} for tile in tiles]
    drawings = draw_charts(requests) if requests else []
    svgs = [_scalable(drawing["svg"]) for drawing in drawings]
    return _template().render(
        title=title,
        generated=instant(generated_at),
        sample=sample,
        period=_period(figures),
        others=figures.other_athletes,
        tiles=list(zip(tiles, svgs[len(charts) :], strict=True)),
        sections=[section for section in sections if section not in missing],
        missing=missing,
        # An overview needs the script.
        stills={chart.name: svg for chart, svg in zip(charts, svgs, strict=False) if not chart.zooms},
        specs=[
            (chart.name, _embedded(_without_config(drawing["vega"])))
            for chart, drawing in zip(charts, drawings, strict=False)
        ],
        look=_embedded(drawings[0]["vega"]["config"]) if charts else "",
        data=[(name, _embedded(points)) for name, points in rows.items()],
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        library=SCRIPT.read_text(encoding="utf-8").replace("</script", "<\\/script") if charts else "",
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


def _fitted(chart: Chart) -> Spec:
    """A chart as wide as its share of the page, axes included, so that the script can set its width."""
    return chart.spec | {"width": WIDTHS[chart.share], "autosize": {"type": "fit-x", "contains": "padding"}}


def _without_config(vega: dict[str, Any]) -> dict[str, Any]:
    """A chart without what all have in common, which the page holds once."""
    return {name: part for name, part in vega.items() if name not in ("config", "$schema")}


def _scalable(svg: str) -> str:
    """A drawing that takes the width it is given; hidden from a screen reader, which gets words instead."""
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _embedded(document: Any) -> str:
    """JSON inside a script element: nothing in it can end the element."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
