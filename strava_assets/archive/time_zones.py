"""Determines the local time of activities: the export has only UTC, recordings often have more."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import datetime

# UTC offsets are at most 14 hours, in steps of a quarter hour.
_MAX_OFFSET_S = 14 * 3600
_QUARTER_S = 900
# Devices' clocks are up to two minutes off.
_CLOCKS_AGREE_S = 120


class Clock(NamedTuple):
    """The local time at an activity's start: time zone, if known, and UTC offset."""

    zone: str | None
    utc_offset_s: int


def zone_at(latitude_deg: float, longitude_deg: float) -> str | None:
    """The IANA time zone of a position, or None if there is no zone or zoneinfo lacks it."""
    from tzfpy import get_tz

    name = get_tz(longitude_deg, latitude_deg)
    try:
        return _zone(name).key if name else None
    except ZoneInfoNotFoundError:
        return None


def plausible_offset(seconds: int) -> int | None:
    """A device's UTC offset rounded to a quarter hour, or None if no time zone has such an offset."""
    nearest = _QUARTER_S * round(seconds / _QUARTER_S)
    if abs(nearest) > _MAX_OFFSET_S or abs(seconds - nearest) > _CLOCKS_AGREE_S:
        return None
    return nearest


def clock_of(
    start: datetime, place_zone: str | None, device_offset_s: int | None, *, is_virtual: bool, home: str
) -> Clock:
    """The local time of an activity.

    Outdoors the zone of the first position is used. For virtual rides and without a position it is the
    offset of the device's clock, and without one the athlete's home zone. An offset of zero counts as none:
    many devices write UTC as their local time.

    Args:
        start: The start, aware UTC.
        place_zone: The zone of the first position.
        device_offset_s: The offset of the device's clock.
        is_virtual: Whether the positions are in a virtual world.
        home: The athlete's zone.
    """
    if place_zone and not is_virtual:
        return Clock(place_zone, offset_in(place_zone, start))
    at_home = offset_in(home, start)
    if not device_offset_s or device_offset_s == at_home:
        return Clock(home, at_home)
    return Clock(None, device_offset_s)


def offset_in(zone: str, instant: datetime) -> int:
    """The UTC offset of a zone at an instant, seconds."""
    offset = instant.astimezone(_zone(zone)).utcoffset() or timedelta()
    return round(offset.total_seconds())


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
