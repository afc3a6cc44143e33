"""Reads `plan.csv`, the athlete's planned load by day: every mistake is reported with its line and a remedy.

What the plan leads to is computed in the mart `planned_form`.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError
from strava_assets.profile.own_text import read_text
from strava_assets.schema.rules import MOST_PLANNED_LOAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COLUMNS = ("day", "load", "goal", "athlete_id")
_REQUIRED = ("day", "load")
LONGEST_PLAN = timedelta(days=732)
"""A plan further ahead is a mistake in the year."""


@dataclass(frozen=True)
class PlannedDay:
    """One day of a plan.

    Args:
        day: local calendar date.
        load: planned load, points; an hour at threshold is 100.
        goal: the event the day is planned for; empty on other days.
        athlete_id: whose plan; None where the file does not say.
        where: file and line, for messages.
    """

    day: date
    load: float
    goal: str
    athlete_id: str | None
    where: str


def read_plan(path: Path, today: date) -> tuple[PlannedDay, ...]:
    """The days of a plan, in the order of the file.

    Args:
        path: a CSV file with the columns `day` and `load`, and `goal` and `athlete_id` if wanted,
            separated by commas, or by semicolons as spreadsheets do where numbers have decimal commas. Empty
            lines and lines that begin with `#` are skipped. A file that does not exist plans nothing.
        today: the athlete's today.

    Raises:
        ConfigurationError: the file cannot be read, lacks a column or has an unknown one, or a line has no
            date, an impossible load, or too late a day.
    """
    lines = [
        (number, line)
        for number, line in enumerate(read_text(path, "plan").splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        return ()
    (first, head), *rest = lines
    delimiter = ";" if ";" in head else ","
    columns = _cells(head, delimiter, f"{path}, line {first}")
    _refuse_columns(columns, f"{path}, line {first}")
    rows = [(f"{path}, line {number}", line) for number, line in rest]
    return tuple(_planned_day(columns, _cells(line, delimiter, at), at, today) for at, line in rows)


def plan_rows(
    plan: Sequence[PlannedDay], athlete_ids: Iterable[str], *, owner_id: str | None = None
) -> list[dict[str, Any]]:
    """The rows of `planned_load`.

    Args:
        plan: as `read_plan` gives it. A day that names nobody is the only athlete's.
        athlete_ids: the athletes with activities.
        owner_id: whose the days are that name nobody, where there are several athletes.

    Raises:
        ConfigurationError: a day names nobody, there are several athletes and no owner, or it stands twice.
    """
    athletes = sorted(set(athlete_ids))
    if len(athletes) == 1:
        owner_id = athletes[0]
    seen: dict[tuple[str, date], PlannedDay] = {}
    for each in plan:
        if not athletes and each.athlete_id is None:
            continue
        athlete = each.athlete_id or owner_id
        if athlete is None:
            raise ConfigurationError(
                f"{each.where} does not say whose plan it is, and there are {len(athletes)} athletes.",
                remedy=f"Add a column athlete_id; the athletes are {', '.join(athletes[:10])}.",
            )
        earlier = seen.setdefault((athlete, each.day), each)
        if earlier is not each:
            raise ConfigurationError(
                f"{each.where} plans {each.day}, as does {earlier.where}.",
                means="It is open which of the two holds.",
                remedy="Make one line of them: the load of a day is the sum of its workouts.",
            )
    return [
        {"athlete_id": athlete, "day": day, "planned_load": each.load, "goal": each.goal or None}
        for (athlete, day), each in sorted(seen.items())
    ]


def _cells(line: str, delimiter: str, where: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error as error:
        raise ConfigurationError(
            f"{where} cannot be read: {error}.",
            remedy="Write a day and its load in a line of their own, e.g. 2027-05-15,85",
        ) from error


def _refuse_columns(columns: list[str], where: str) -> None:
    missing = [name for name in _REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in COLUMNS]
    if missing or unknown or len(set(columns)) < len(columns):
        raise ConfigurationError(
            f"{where}: the columns are {', '.join(columns)}.",
            means="The first line names the columns.",
            remedy=f"Needed are {' and '.join(_REQUIRED)}; possible are {', '.join(COLUMNS)}, each once.",
        )


def _planned_day(columns: list[str], cells: list[str], where: str, today: date) -> PlannedDay:
    if len(cells) > len(columns):
        raise ConfigurationError(
            f"{where}: {len(cells)} cells for {len(columns)} columns.",
            remedy='Put a goal with a comma in quotes, e.g. "Ronde, long"; write 7.5 with a point.',
        )
    row = dict(zip(columns, [*cells, *[""] * len(columns)], strict=False))
    athlete = row.get("athlete_id", "")
    if athlete and not athlete.isdecimal():
        raise ConfigurationError(
            f"{where}: athlete_id is {athlete!r}, which is not an athlete's number.",
            remedy="Write the number in the address of the Strava profile, e.g. 1234567",
        )
    goal = row.get("goal", "")
    if goal.isdecimal():
        raise ConfigurationError(
            f"{where}: the goal is {goal!r}.",
            means="It may be the rest of a load with a decimal comma.",
            remedy="Write 7.5 with a point, and a goal with a word, e.g. Ronde 2027",
        )
    return PlannedDay(_day(row["day"], where, today), _load(row["load"], where), goal, athlete or None, where)


def _day(text: str, where: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{where}: the day is {text!r}, which is not a date.",
            remedy="Write year, month and day, e.g. 2027-05-15",
        ) from None
    if day > today + LONGEST_PLAN:
        raise ConfigurationError(
            f"{where}: the day is {day}, more than two years ahead.",
            means="Most often the year is wrong.",
            remedy="Correct the date, or leave the line out until later.",
        )
    return day


def _load(text: str, where: str) -> float:
    try:
        load = float(text.replace(",", "."))
    except ValueError:
        load = math.nan
    if not 0 <= load <= MOST_PLANNED_LOAD:
        raise ConfigurationError(
            f"{where}: the load is {text!r}, and must be a number from 0 to {MOST_PLANNED_LOAD}.",
            remedy="Write the day's points, an hour at threshold being 100, e.g. 85; 0 on a day of rest.",
        )
    return load
