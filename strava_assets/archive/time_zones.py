"""Which clock an activity began by: the export tells UTC alone, the recording often more."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import datetime

# No clock on earth is further from UTC than 14 hours, and each by whole quarters of an hour.
_MOST_OFFSET_S = 14 * 3600
_QUARTER_S = 900
_CLOCKS_AGREE_S = 5


class Clock(NamedTuple):
    """The clock on the wall where an activity began: its zone where that is known, and its offset."""

    zone: str | None
    utc_offset_s: int


def zone_at(latitude_deg: float, longitude_deg: float) -> str | None:
    """The IANA time zone of a place; None where there is none, or none that is known here."""
    from tzfpy import get_tz

    name = get_tz(longitude_deg, latitude_deg)
    try:
        return _zone(name).key if name else None
    except ZoneInfoNotFoundError:
        return None


def plausible_offset(seconds: int) -> int | None:
    """An offset from UTC as a device tells it, in whole quarters of an hour; None where no place has it."""
    nearest = _QUARTER_S * round(seconds / _QUARTER_S)
    if abs(nearest) > _MOST_OFFSET_S or abs(seconds - nearest) > _CLOCKS_AGREE_S:
        return None
    return nearest


def clock_of(
    start: datetime, place_zone: str | None, device_offset_s: int | None, *, is_virtual: bool, home: str
) -> Clock:
    """The clock to go by.

    On the road it is that of the first position. A virtual world's positions lie elsewhere, and indoors there
    are none: then the device's own clock counts, and without one the athlete's home.

    Args:
        start: aware UTC.
        place_zone: the zone of the first position.
        device_offset_s: what the device's clock is ahead of UTC.
        is_virtual: whether the positions are a program's.
        home: the athlete's own zone.
    """
    if place_zone and not is_virtual:
        return Clock(place_zone, offset_in(place_zone, start))
    at_home = offset_in(home, start)
    if device_offset_s is None or device_offset_s == at_home:
        return Clock(home, at_home)
    return Clock(None, device_offset_s)


def offset_in(zone: str, instant: datetime) -> int:
    """How far a zone's clocks are ahead of UTC at an instant, seconds."""
    offset = instant.astimezone(_zone(zone)).utcoffset() or timedelta()
    return round(offset.total_seconds())


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
