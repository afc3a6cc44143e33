"""Reads `athlete.toml`, which the user writes: every mistake is reported with its line and a remedy.

What the figures mean for a day stands in `dated_figures.py`.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError
from strava_assets.profile.figure_bounds import BOUNDS, CHOICES, FIGURES, Entry
from strava_assets.profile.own_text import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXAMPLE = """\
# Your own figures, each from the day you name on. A figure you leave out keeps its earlier value, and one
# that is never named stays unknown: what needs it is then empty, never guessed. Write a new entry when a
# figure changes and leave the old ones in place: past rides keep the figures they were ridden with.
#
#   ftp_w                     functional threshold power in watts: training load by power
#   weight_kg                 body weight in kilograms: watts per kilogram
#   max_heartrate_bpm         highest heart rate you reach; with the next one: training load without power
#   resting_heartrate_bpm     heart rate at rest
#   threshold_heartrate_bpm   heart rate you can just hold for an hour; if not given, 85 % of the way from
#                             rest to maximum
#   run_threshold_heartrate_bpm, swim_threshold_heartrate_bpm
#                             the same of runs and of swims; if not given, the one above
#   run_threshold_pace_s_per_km
#                             flat pace you can run for an hour, in seconds per kilometer: load of runs
#   run_threshold_power_w     power you can run for an hour: zones and load of runs with a power meter
#   critical_power_w          critical power of rides and
#   w_prime_kj                W' from a test of yours: W' balance; if not given, a fit to your best efforts
#   sex                       "female" or "male": the heart-rate load rises differently
#
# FTP and weight that you leave out are taken from your Strava profile, from the day they are
# first read there.
# Where several athletes share one warehouse, each entry says whose it is: athlete_id = "1234567".
#
# Remove the # in front of the following lines and put in your own figures.

# [[figures]]
# from = 2025-01-01
# ftp_w = 250
# weight_kg = 71.5
# max_heartrate_bpm = 188
# threshold_heartrate_bpm = 170
# resting_heartrate_bpm = 48
# run_threshold_heartrate_bpm = 174
# swim_threshold_heartrate_bpm = 162
# run_threshold_pace_s_per_km = 270
# run_threshold_power_w = 280
# critical_power_w = 245
# w_prime_kj = 18
# sex = "female"

# [[figures]]
# from = 2025-06-15
# ftp_w = 262

# Names of your gear, by Strava's ids, and if you wish the distance after which it is due for service.

# [[gear]]
# id = "b123456"
# name = "Road bike"
# service_every_km = 3000
# serviced_on = 2025-03-01
"""
"""A file to begin with. As it stands it says nothing, so that nobody's load rests on an example's FTP."""

_KEYS = ("from", "athlete_id", *FIGURES)


def read(path: Path, today: date) -> tuple[Entry, ...]:
    """The entries of a figures file, by date.

    Args:
        path: the file, in TOML as `EXAMPLE` shows it. One that does not exist says nothing.
        today: the athlete's today; no figure can be known for a later day.

    Raises:
        ConfigurationError: the file is no TOML, or an entry has an unknown key, an impossible value, no
            figure, a future date, or the date of another.
    """
    text = read_text(path, "figures file")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # the parser knows no limit of depth or of digits
        raise ConfigurationError(
            f"{path} is not TOML: {error}",
            means="None of its figures can be used.",
            remedy="Correct that line. An entry is `[[figures]]` and `key = value` lines, dates unquoted.",
        ) from error
    if unknown := sorted(document.keys() - {"figures", "gear"}):
        raise ConfigurationError(
            f"{path} has {', '.join(unknown)} outside an entry.",
            means="Nobody knows from which day on it holds.",
            remedy="Put it below a line `[[figures]]` with `from = 2025-01-01` under it.",
        )
    tables = document.get("figures", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(
            f"`figures` in {path} is not a list of entries.",
            remedy="Begin each entry with `[[figures]]`, in double brackets.",
        )
    lines = _Lines(path, text, len(tables))
    entries = [_entry(table, number, lines, today) for number, table in enumerate(tables)]
    refuse_doubles(entries)
    return tuple(sorted(entries, key=lambda entry: entry.valid_from))


def refuse_doubles(entries: Sequence[Entry]) -> None:
    """Stops where two entries say what holds from the same day on.

    Raises:
        ConfigurationError: two entries of one athlete have one date.
    """
    seen: dict[tuple[str | None, date], Entry] = {}
    for entry in entries:
        earlier = seen.setdefault((entry.athlete_id, entry.valid_from), entry)
        if earlier is not entry:
            raise ConfigurationError(
                f"{entry.where} begins on {entry.valid_from}, as does {earlier.where}.",
                means="It is open which of the two holds.",
                remedy="Make one entry of them, or correct a date.",
            )


@dataclass(frozen=True)
class _Lines:
    """Finds the line of an entry's key again, which the TOML reader does not tell."""

    path: Path
    text: str
    entries: int

    def of(self, number: int, key: str = "") -> str:
        """`athlete.toml, line 7`; of the entry by its number, and of one key in it."""
        lines = self.text.splitlines()
        heads = [at for at, line in enumerate(lines) if "".join(line.split()).startswith("[[figures]]")]
        if len(heads) != self.entries:  # inline tables have no such line
            return f"{self.path}, entry {number + 1}"
        end = heads[number + 1] if number + 1 < len(heads) else len(lines)
        own = [at for at in range(heads[number], end) if lines[at].split("=")[0].strip(" \t\"'") == key]
        return f"{self.path}, line {(own or heads[number:])[0] + 1}"


def _entry(table: dict[str, Any], number: int, lines: _Lines, today: date) -> Entry:
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.3)
            raise ConfigurationError(
                f"{lines.of(number, key)}: there is no figure called {key}.",
                means="It would be left unread.",
                remedy=f"{f'Write {near[0]}. ' if near else ''}Possible are: {', '.join(_KEYS)}.",
            )
    figures: dict[str, float | str] = {}
    for name in FIGURES:
        if name in table:
            read_figure = _choice if name in CHOICES else _figure
            figures[name] = read_figure(name, table[name], lines.of(number, name))
    if not figures:
        raise ConfigurationError(
            f"{lines.of(number)}: the entry names no figure.",
            remedy=f"Give it one or more of {', '.join(FIGURES)}, or remove it.",
        )
    return Entry(
        valid_from=_day(table.get("from"), lines.of(number, "from"), today),
        figures=figures,
        athlete_id=_athlete(table.get("athlete_id"), lines.of(number, "athlete_id")),
        where=lines.of(number),
    )


def _figure(name: str, value: object, where: str) -> float:
    bounds = BOUNDS[name]
    unit = _unit(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(
            f"{where}: {name} is {value!r}, which is not a number.",
            remedy=f"Write it bare, without quotes or unit: {name} = {bounds.example}",
        )
    if not bounds.low <= value <= bounds.high:
        raise ConfigurationError(
            f"{where}: {name} is {value}, and must be between {bounds.low:g} and {bounds.high:g} {unit}.",
            means=f"{bounds.mistake}. Everything computed from it would be wrong.",
            remedy=f"Give it in {unit}: {name} = {bounds.example}",
        )
    return float(value)


def _choice(name: str, value: object, where: str) -> str:
    if value not in CHOICES[name]:
        raise ConfigurationError(
            f"{where}: {name} is {value!r}, and must be {' or '.join(CHOICES[name])}.",
            remedy=f'Write it in quotes: {name} = "{CHOICES[name][0]}"',
        )
    return str(value)


def _unit(name: str) -> str:
    """The unit at the end of a figure's name, as a person writes it."""
    if name.endswith("_s_per_km"):
        return "seconds per km"
    return {"w": "W", "kj": "kJ"}.get(unit := name.rsplit("_", 1)[-1], unit)


def _day(value: object, where: str, today: date) -> date:
    if value is None:
        raise ConfigurationError(
            f"{where}: the entry has no `from`.",
            means="Nobody knows from which day on it holds.",
            remedy="Add the first day, e.g. from = 2025-01-01",
        )
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ConfigurationError(
            f"{where}: `from` is {value}, which is not a date.",
            remedy="Write year, month and day without quotes, e.g. from = 2025-01-01",
        )
    if value > today:
        raise ConfigurationError(
            f"{where}: `from` is {value}, and today is {today}.",
            means="A figure of the future is not known yet; most often the year is wrong.",
            remedy="Correct the date, or add the entry on that day.",
        )
    return value


def _athlete(value: object, where: str) -> str | None:
    if value is None:
        return None
    digits = str(value).strip()
    if isinstance(value, bool) or not digits.isdecimal():
        raise ConfigurationError(
            f"{where}: athlete_id is {value!r}, which is not an athlete's number.",
            remedy='Write the number in the address of your Strava profile, e.g. athlete_id = "1234567"',
        )
    return digits
