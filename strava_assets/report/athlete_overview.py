"""The index of the athletes, for whoever runs the platform.

It links to their pages, says how their fetches go, and has a few numbers of those who agreed to show them.
No name of an activity and no place stands in it. Of an athlete who did not agree not one number is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from strava_assets.report.charts import sparkline
from strava_assets.report.drawing_process import draw_charts
from strava_assets.report.number_format import (
    UNITS,
    counted,
    day,
    hours,
    instant,
    number,
    quantity,
    signed,
)
from strava_assets.report.page import scalable, template
from strava_assets.report.page_files import NAME
from strava_assets.report.theme import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    import pyarrow as pa

    from strava_assets.landing.athlete_index import Athlete, FetchState
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Query, Row
    from strava_assets.report.vega import Request

_FOLDER = Path(__file__).parent
_WEEKS = 26
_DAYS_COMPARED = 28
_SPARKLINES = 100
"""So many are drawn, a hundredth of a second each; beyond them the numbers stand alone."""

_WEEK_ROWS = """
SELECT athlete_id, week, days_elapsed, moving_time_s, distance_m, average_watts_4w
FROM weekly_watts
WHERE athlete_id IN UNNEST(@athlete_ids) AND week > @since
ORDER BY athlete_id, week
"""
_LOAD_ROWS = """
SELECT athlete_id, day, fitness_ctl, form_tsb, is_warm_up
FROM daily_load
WHERE athlete_id IN UNNEST(@athlete_ids) AND day IN (@today, @before)
ORDER BY athlete_id, day
"""


@dataclass(frozen=True)
class SharedNumbers:
    """The numbers of one athlete who agreed to show them.

    Args:
        weeks: of the last half year, oldest first; the last one is the running week.
        days: training load of today and of four weeks ago, where it is known.
    """

    weeks: Sequence[Row]
    days: Sequence[Row] = ()


def read_shared_numbers(
    query: Query, tables: Collection[str], athletes: Iterable[Athlete]
) -> dict[str, SharedNumbers]:
    """The numbers of the athletes who agreed to show them and have rides; the others are not asked for.

    Args:
        query: runs a SELECT; `Warehouse.query` is one.
        tables: the tables that exist.
        athletes: all athletes.
    """
    from strava_assets.schema.columns import ColumnType
    from strava_assets.warehouse.engine import Typed

    athlete_ids = [athlete.athlete_id for athlete in athletes if athlete.shows_numbers]
    if not athlete_ids or not {"mart_settings", "weekly_watts"} <= set(tables):
        return {}
    [settings] = query("SELECT as_of FROM mart_settings").to_pylist()
    today: date = settings["as_of"]
    of_them = {"athlete_ids": Typed(athlete_ids, ColumnType.TEXT)}
    weeks = _by_athlete(query(_WEEK_ROWS, of_them | {"since": today - timedelta(weeks=_WEEKS)}))
    days: dict[str, list[Row]] = {}
    if "daily_load" in tables:
        both = {"today": today, "before": today - timedelta(days=_DAYS_COMPARED)}
        days = _by_athlete(query(_LOAD_ROWS, of_them | both))
    return {each: SharedNumbers(weeks[each], days.get(each, ())) for each in weeks}


def _by_athlete(answer: pa.Table) -> dict[str, list[Row]]:
    """The rows of each athlete, of an answer in the order of athletes."""
    groups = groupby(answer.to_pylist(), key=itemgetter("athlete_id"))
    return {athlete_id: list(rows) for athlete_id, rows in groups}


@dataclass(frozen=True)
class AthleteOverview:
    """What the index shows.

    Args:
        athletes: all athletes, in the order in which they came.
        states: by athlete, how the last fetches ended.
        numbers: what `read_shared_numbers` returned.
        with_page: the ids of those who have a page.
        findings: how many checks found something; they look at all athletes together.
    """

    athletes: Sequence[Athlete]
    states: Mapping[str, FetchState]
    numbers: Mapping[str, SharedNumbers]
    with_page: Collection[str]
    findings: int = 0


def build_athlete_overview(
    overview: AthleteOverview,
    *,
    units: Literal["metric", "imperial"] = "metric",
    generated_at: datetime,
    sample: bool = False,
    ui_url: str | None = None,
) -> str:
    """The index page as one HTML file that loads nothing and has no script.

    Args:
        overview: what it shows.
        units: kilometers or miles.
        generated_at: when, with its time zone.
        sample: the athletes are invented; the page says so.
        ui_url: where Dagster's UI is, which shows what the checks found.

    Raises:
        DrawingError: the process that draws has ended.
    """
    rows = [_Line.of(athlete, overview, UNITS[units]) for athlete in overview.athletes]
    drawn = [row for row in rows if any(row.trail)][:_SPARKLINES]
    requests: list[Request] = [
        {"name": "line", "spec": sparkline(row.trail, width=4), "rows": []} for row in drawn
    ]
    drawings = draw_charts(requests) if requests else []
    for row, drawing in zip(drawn, drawings, strict=True):
        row.spark = scalable(drawing["svg"])
    return template("athlete_overview.html.jinja").render(
        title="Athletes",
        athlete="",
        scripts="",
        rows=sorted(rows, key=lambda row: _ORDER.index(row.kind)),
        summary=_summary(rows),
        sharing=any(row.shares for row in rows),
        units=UNITS[units],
        findings=counted(overview.findings, "check") if overview.findings else "",
        generated=instant(generated_at),
        sample=sample,
        ui_url=(ui_url or "").rstrip("/"),
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style="".join(
            (_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "athlete_overview.css")
        ),
    )


_KINDS = {
    "refused": "refused by Strava",
    "failed": "failed last time",
    "unsynced": "not synced yet",
    "synced": "synced",
    "export": "export and files only",
}
_ORDER = ("refused", "failed", "unsynced", "synced", "export")
"""Who needs something comes first."""


@dataclass
class _Line:
    """One athlete as the page shows them."""

    athlete: Athlete
    state: FetchState | None
    numbers: SharedNumbers | None
    units: Units
    has_page: bool
    spark: str = ""

    @classmethod
    def of(cls, athlete: Athlete, overview: AthleteOverview, units: Units) -> _Line:
        """The athlete's part of what the index shows; no numbers of one who did not agree."""
        athlete_id = athlete.athlete_id
        return cls(
            athlete,
            overview.states.get(athlete_id),
            overview.numbers.get(athlete_id) if athlete.shows_numbers else None,
            units,
            has_page=athlete_id in overview.with_page,
        )

    @property
    def name(self) -> str:
        return self.athlete.name or f"Athlete {self.athlete.athlete_id}"

    @property
    def href(self) -> str:
        return f"athlete={self.athlete.athlete_id}/{NAME}" if self.has_page else ""

    @property
    def remark(self) -> str:
        """What stands below the name."""
        parts = [self.athlete.athlete_id] if self.athlete.name else []
        return " · ".join([*parts, *([] if self.has_page else ["no page yet"])])

    @property
    def kind(self) -> str:
        if not self.athlete.logged_in:
            return "export"
        if self.state and self.state.refused_since:
            return "refused"
        if self.state and self.state.failures:
            return "failed"
        return "synced" if self.state and self.state.succeeded_at else "unsynced"

    @property
    def words(self) -> str:
        """How the fetches go. The failure itself may name an activity and is left out."""
        state = self.state
        if state and self.kind == "refused":
            return f"refused since {day(state.refused_since)}"
        if state and self.kind == "failed":
            return f"{counted(state.failures, 'failed fetch', 'failed fetches')} in a row"
        if state and self.kind == "unsynced":
            return "first sync under way"
        return _KINDS[self.kind]

    @property
    def synced(self) -> str:
        """When the last successful fetch was; empty for an athlete who is not fetched."""
        return instant(self.state.succeeded_at if self.state else None) if self.athlete.logged_in else ""

    @property
    def shares(self) -> bool:
        return self.athlete.shows_numbers

    @cached_property
    def trail(self) -> list[float | None]:
        return [hours(week["moving_time_s"]) for week in self.numbers.weeks] if self.numbers else []

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The numbers with their names; a dash for what is not known."""
        week = self.numbers.weeks[-1] if self.numbers else {}
        load = self._load()
        change = load["fitness_ctl"] - load["before"] if load.get("before") is not None else None
        fitness = number(load.get("fitness_ctl"))
        return [
            ("Time", quantity(hours(week.get("moving_time_s")), "h", 1)),
            ("Distance", quantity(self.units.far(week.get("distance_m")), self.units.distance)),
            ("Power, 4 weeks", quantity(week.get("average_watts_4w"), "W")),
            ("Fitness", fitness if change is None else f"{fitness} ({signed(change)})"),
            ("Form", signed(load.get("form_tsb"))),
        ]

    def _load(self) -> Row:
        """Today's training load, and the fitness `before`; nothing without loads and while they warm up."""
        days = self.numbers.days if self.numbers else ()
        if not days or days[-1]["is_warm_up"] or not days[-1]["fitness_ctl"]:
            return {}
        before = days[0] if len(days) > 1 and not days[0]["is_warm_up"] else {}
        return days[-1] | {"before": before.get("fitness_ctl")}


def _summary(rows: Sequence[_Line]) -> str:
    kinds = [row.kind for row in rows]
    parts = [f"{number(kinds.count(kind))} {_KINDS[kind]}" for kind in _ORDER if kind in kinds]
    shared = sum(row.shares for row in rows)
    return " · ".join([counted(len(rows), "athlete"), *parts, f"{number(shared)} sharing numbers"])
