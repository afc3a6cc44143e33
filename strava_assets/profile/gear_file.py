"""Reads the gear of `athlete.toml`: names, and after what distance a piece is due for service.

Strava's list of activities names gear by its id alone.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = ("id", "name", "service_every_km", "serviced_on")
_EXAMPLE = 'id = "b123456", name = "Road bike", service_every_km = 3000, serviced_on = 2026-03-01'


@dataclass(frozen=True)
class Gear:
    """What an athlete says of a bike or a pair of shoes.

    Args:
        name: how they call it.
        service_every_m: after how many meters it is due; None without an interval.
        serviced_on: the day of the last service; None if there was none.
    """

    name: str
    service_every_m: float | None = None
    serviced_on: date | None = None


def read_gear(path: Path) -> dict[str, Gear]:
    """The gear by its id; none where the file or its `[[gear]]` entries are missing.

    Raises:
        ConfigurationError: the file cannot be read, or an entry has an unknown key, an impossible
            value, or the id of another.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}",
            means="The names of your gear cannot be used.",
            remedy="Make it a text file in UTF-8 and TOML, or remove it.",
        ) from error
    entries = document.get("gear", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _refused(path, "`gear` is not a list of entries")
    gear: dict[str, Gear] = {}
    for gear_id, piece in (_entry(path, entry) for entry in entries):
        if gear_id in gear:
            raise _refused(path, f"{gear_id} stands twice, as {gear[gear_id].name} and as {piece.name}")
        gear[gear_id] = piece
    return gear


def _entry(path: Path, entry: dict[str, Any]) -> tuple[str, Gear]:
    if unknown := sorted(entry.keys() - set(_KEYS)):
        raise _refused(path, f"a piece of gear has {', '.join(unknown)}")
    gear_id, name, interval = entry.get("id"), entry.get("name"), entry.get("service_every_km")
    if not isinstance(gear_id, str) or not isinstance(name, str) or not gear_id or not name.strip():
        raise _refused(path, "a piece of gear lacks its `id` or its `name`, both in quotes")
    is_number = isinstance(interval, int | float) and not isinstance(interval, bool)
    if interval is not None and not (is_number and 0 < interval <= 1_000_000):
        raise _refused(path, f"service_every_km of {gear_id} is {interval!r}, and must be a distance in km")
    serviced_on = entry.get("serviced_on")
    if serviced_on is not None and (isinstance(serviced_on, datetime) or not isinstance(serviced_on, date)):
        raise _refused(path, f"serviced_on of {gear_id} is {serviced_on!r}, which is not a date")
    return gear_id, Gear(name.strip(), None if interval is None else 1000.0 * interval, serviced_on)


def _refused(path: Path, fault: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: {fault}.",
        means="The names of your gear cannot be used.",
        remedy=f"Begin each piece with `[[gear]]`; below it stand for example: {_EXAMPLE}, a line each.",
    )
