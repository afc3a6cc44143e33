"""The page: tiles and sections laid into one self-contained HTML file. What they say is decided elsewhere."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from strava_assets.marts import catalog
from strava_assets.report.activity_list import listed_activities, sport_choices
from strava_assets.report.charts import NARROW, WIDTHS, sparkline
from strava_assets.report.drawing_process import draw_charts
from strava_assets.report.letter import leads, write_letter
from strava_assets.report.number_format import UNITS, counted, day, instant, month
from strava_assets.report.sections import build_sections
from strava_assets.report.theme import DARK, LIGHT, css_variables
from strava_assets.report.tiles import build_tiles
from strava_assets.report.vega import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from jinja2 import Template

    from strava_assets.report.charts import Spec
    from strava_assets.report.report_figures import Figures
    from strava_assets.report.section import Chart, Points, Section
    from strava_assets.report.vega import Drawing, Request

    UnitsName = Literal["metric", "imperial"]
    Pair = tuple[Section, Section]

_FOLDER = Path(__file__).parent
_SCRIPTS = ("charts", "choices", "zoom", "crosshair", "activities", "start")
"""The page's own script, in the order in which its files follow each other."""


def build_page(
    figures: Figures,
    *,
    units: UnitsName = "metric",
    generated_at: datetime,
    sample: bool = False,
    title: str = "Ride insights",
    athlete: str = "",
    ui_url: str | None = None,
) -> str:
    """One HTML file that loads nothing and is complete without its script.

    Args:
        figures: what to show.
        units: kilometers and meters, or miles and feet; a reader can change to the others.
        generated_at: when, with its time zone.
        sample: the athlete is invented; the page says so.
        title: the page's name.
        athlete: whose page it is, in a word or two; empty where there is one athlete.
        ui_url: where Dagster's UI is, which shows the table behind each section.

    Raises:
        DrawingError: the process that draws has ended.
    """
    other_units: UnitsName = "imperial" if units == "metric" else "metric"
    everything = _in_both_units(figures, units, other_units)
    sections = [pair for pair in everything if pair[0].charts or pair[0].tables]
    tiles = build_tiles(figures, UNITS[units])
    other_tiles = build_tiles(figures, UNITS[other_units])
    lines: list[Request] = [
        {"name": "tile", "spec": sparkline(tile.trail, width=4), "rows": []} for tile in tiles
    ]
    requests = [*_requests(sections, own=True), *_requests(sections, own=False)]
    drawings = draw_charts([*requests, *lines]) if requests or lines else []
    charts = {chart.name: chart for section, _ in sections for chart in section.charts}
    drawn = dict(zip(charts, drawings, strict=False))
    sparks = [scalable(drawing["svg"]) for drawing in drawings[len(requests) :]]
    activities = listed_activities(figures)
    synced = figures.quality.get("last_sync")
    return template("page.html.jinja").render(
        title=title,
        units=units,
        other_units=other_units,
        today=figures.today or "",
        synced=synced,
        synced_text=instant(synced),
        sports=sport_choices(figures),
        by_weight=any(chart.choice == "kg" for chart in charts.values()),
        generated=instant(generated_at),
        sample=sample,
        period=_period(figures),
        athlete_id=figures.athlete_id,
        athlete=athlete,
        tiles=list(zip(tiles, other_tiles, sparks, strict=True)),
        letter=[list(zip(leads(each), each, strict=True)) for each in write_letter(figures)],
        weekday=f"{figures.today:%A}" if figures.today else "",
        sections=sections,
        ui_url=(ui_url or "").rstrip("/"),
        assets=_assets_behind(sections) if ui_url else {},
        missing=[section for section, _ in everything if not section.charts and not section.tables],
        # An overview needs the script.
        stills={name: scalable(drawn[name]["svg"]) for name, chart in charts.items() if not chart.zooms},
        heights={name: drawing["height"] for name, drawing in drawn.items()},
        specs=[
            (request["name"], kind, _embedded(_without_config(drawing["vega"])))
            for request, kind, drawing in zip(
                requests, _kinds(sections, units, other_units), drawings, strict=False
            )
        ],
        look=_embedded(drawings[0]["vega"]["config"]) if charts else "",
        data=[(name, kind, _embedded(rows)) for name, kind, rows in _rows(sections, units, other_units)],
        activities=_embedded(activities) if activities else "",
        lengths=[(name, (chosen.distance, chosen.distance_m)) for name, chosen in UNITS.items()],
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        library=SCRIPT.read_text(encoding="utf-8").replace("</script", "<\\/script") if charts else "",
        code=_script() if charts else "",
    )


@cache
def template(name: str) -> Template:
    """A template of this package."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)


def _script() -> str:
    texts = [(_FOLDER / "script" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(texts) + "})();\n"


def _period(figures: Figures) -> str:
    days = figures.ride_days
    if not days:
        return "No rides yet"
    rides = counted(sum(row["rides"] for row in days), "ride")
    return f"{rides} · {month(days[0]['activity_date'])} to {day(days[-1]['activity_date'])}"


def _in_both_units(figures: Figures, units: UnitsName, other_units: UnitsName) -> list[Pair]:
    """Each section in the page's units and in the others; twice the same where it exists in one alone."""
    others = {section.name: section for section in build_sections(figures, UNITS[other_units])}
    return [
        (section, other if (other := others.get(section.name)) and _is_alike(section, other) else section)
        for section in build_sections(figures, UNITS[units])
    ]


def _assets_behind(sections: list[Pair]) -> dict[str, list[str]]:
    """By section the marts whose assets preview one of its charts."""
    marts = catalog.load()
    names = {section.name: {chart.name for chart in section.charts} for section, _ in sections}
    return {
        name: [mart.name for mart in marts if not charts.isdisjoint(mart.preview.charts)]
        for name, charts in names.items()
    }


def _is_alike(section: Section, other: Section) -> bool:
    names = [[chart.name for chart in each.charts] for each in (section, other)]
    return names[0] == names[1] and len(section.tables) == len(other.tables)


def _charts(sections: list[Pair]) -> Iterator[tuple[Section, Chart, Section, Chart]]:
    for section, other in sections:
        for chart, twin in zip(section.charts, other.charts, strict=True):
            yield section, chart, other, twin


def _requests(sections: list[Pair], *, own: bool) -> list[Request]:
    """The charts in the page's own units; or those of the others that differ, which need no rows."""
    if not own:
        return [
            {"name": twin.name, "spec": _fitted(twin, other), "rows": []}
            for _, chart, other, twin in _charts(sections)
            if chart.spec != twin.spec
        ]
    return [
        {
            "name": chart.name,
            "spec": _fitted(chart, section),
            "rows": section.data[chart.spec["data"]["name"]],
        }
        for section, chart, _, _ in _charts(sections)
    ]


def _kinds(sections: list[Pair], units: UnitsName, other_units: UnitsName) -> list[str]:
    """For the same charts, the units in which they are drawn; empty for both."""
    differs = [chart.spec != twin.spec for _, chart, _, twin in _charts(sections)]
    return [units if each else "" for each in differs] + [other_units for each in differs if each]


def _rows(
    sections: list[Pair], units: UnitsName, other_units: UnitsName
) -> Iterator[tuple[str, str, Points]]:
    """The rows of the charts; in the other units only what differs, where there are as many of them."""
    for section, other in sections:
        for name, points in section.data.items():
            twin = other.data[name]
            yield name, "" if points == twin else units, points
            if points != twin:
                is_alike = len(points) == len(twin)
                yield name, other_units, list(map(_differing, points, twin)) if is_alike else twin


def _differing(point: dict[str, Any], twin: dict[str, Any]) -> dict[str, Any]:
    """The fields of the twin that differ; null where it lacks one."""
    fields = dict.fromkeys([*point, *twin])
    return {field: twin.get(field) for field in fields if twin.get(field) != point.get(field)}


def _fitted(chart: Chart, section: Section) -> Spec:
    """A chart as wide as its share of the page, axes included, so that the script can set its width."""
    width = round(WIDTHS[chart.share] * (NARROW if section.width == "narrow" else 1))
    return chart.spec | {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def _without_config(vega: Drawing | dict[str, Any]) -> dict[str, Any]:
    """A chart without what all have in common, which the page holds once."""
    return {name: part for name, part in vega.items() if name not in ("config", "$schema")}


def scalable(svg: str) -> str:
    """A drawing that takes the width it is given; hidden from a screen reader, which gets words instead."""
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _embedded(document: Any) -> str:
    """JSON inside a script element: nothing in it can end the element."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
