"""Converts a row of the export to the API's format of an activity, so that both have one reader.

Missing values stay absent; they never become zero. Cells that fit no field are stored under `archive`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.archive.time_zones import clock_of
from strava_assets.schema.sports import VIRTUAL_SPORTS

if TYPE_CHECKING:
    from strava_assets.archive.activities_csv import Row

_UPLOAD = re.compile(r"(\d+)\.\w")

# API field, English column name, whether it is an integer, whether zero means missing.
_NUMBERS = (
    ("distance", "Distance", False, False),
    ("moving_time", "Moving Time", True, False),
    ("elapsed_time", "Elapsed Time", True, False),
    ("total_elevation_gain", "Elevation Gain", False, False),
    ("elev_high", "Elevation High", False, False),
    ("elev_low", "Elevation Low", False, False),
    ("average_speed", "Average Speed", False, False),
    ("max_speed", "Max Speed", False, False),
    ("average_heartrate", "Average Heart Rate", False, True),
    ("max_heartrate", "Max Heart Rate", False, True),
    ("average_cadence", "Average Cadence", False, True),
    ("average_temp", "Average Temperature", False, False),
    ("suffer_score", "Relative Effort", False, False),
    ("average_watts", "Average Watts", False, True),
)
# The API has these only for activities with a power meter.
_MEASURED = (
    ("weighted_average_watts", "Weighted Average Power", True, True),
    ("max_watts", "Max Watts", True, True),
)


@dataclass(frozen=True)
class Facts:
    """Facts about an activity from its recording.

    Args:
        has_power: Whether a power meter was used.
        timezone: The IANA zone of the first position.
        utc_offset_s: The offset of the device's clock.
    """

    has_power: bool
    timezone: str | None = None
    utc_offset_s: int | None = None


def record_of(row: Row, athlete_id: str, facts: Facts | None, home: str) -> dict[str, Any]:
    """Convert one row to the API's format.

    Args:
        row: The activity's row.
        athlete_id: The export's athlete.
        facts: Facts from its recording, or None without a readable one.
        home: The athlete's time zone, for activities without position and device clock.
    """
    used = {"Activity Date", "Activity Name", "Activity Type"}
    if row.activity_id:
        used.add("Activity ID")
    sport_text = row.text("Activity Type")
    record: dict[str, Any] = {
        "id": int(row.activity_id) if row.activity_id else None,
        "athlete": {"id": int(athlete_id)},
        "name": row.text("Activity Name"),
        "sport_type": row.language.sport_type(sport_text) or sport_text,
        "manual": not row.text("Filename") if row.has("Filename") else None,
    }
    record |= _start(row, record["sport_type"], facts, home)
    record |= _numbers(row, _NUMBERS, used)
    record |= _power(row, record, facts, used)
    if "average_watts" in record and "moving_time" in record:
        # The API defines it so. The unit of the column Total Work is not documented.
        record["kilojoules"] = round(record["average_watts"] * record["moving_time"] / 1000, 1)
    for field, name in (("commute", "Commute"), ("flagged", "Flagged")):
        value = row.flag(name)
        if value is not None:
            record[field] = value
            used.add(name)
    if gear := _gear(row):
        record["gear_id"] = gear
        record["gear_name"] = row.text("Activity Gear")
        used.add("Activity Gear")
    if upload := _UPLOAD.match(row.text("Filename").rpartition("/")[2]):
        record["upload_id"] = int(upload[1])
    record["archive"] = row.others(used)
    return {field: value for field, value in record.items() if value not in (None, "")}


def _start(row: Row, sport_type: str, facts: Facts | None, home: str) -> dict[str, Any]:
    start = row.moment("Activity Date")
    if start is None:
        # The loader rejects the record and reports the text.
        return {"start_date": row.text("Activity Date")}
    clock = clock_of(
        start,
        facts.timezone if facts else None,
        facts.utc_offset_s if facts else None,
        is_virtual=sport_type in VIRTUAL_SPORTS,
        home=home,
    )
    return {
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        # Local time; the API appends a Z as well.
        "start_date_local": f"{start + timedelta(seconds=clock.utc_offset_s):%Y-%m-%dT%H:%M:%SZ}",
        "utc_offset": float(clock.utc_offset_s),
        "timezone": clock.zone,
    }


def _numbers(row: Row, fields: tuple[tuple[str, str, bool, bool], ...], used: set[str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for field, name, is_integer, zero_is_missing in fields:
        value = row.number(name)
        if value is None or (zero_is_missing and value == 0):
            continue
        numbers[field] = round(value) if is_integer else value
        used.add(name)
    return numbers


def _power(row: Row, record: dict[str, Any], facts: Facts | None, used: set[str]) -> dict[str, Any]:
    average = record.get("average_watts")
    # Strava weighs power only of a meter. A recording that lost it does not overrule that.
    measured = bool(row.number("Weighted Average Power")) or (facts is not None and facts.has_power)
    if not measured:
        return {"device_watts": False} if average is not None else {}
    return {"device_watts": True} | _numbers(row, _MEASURED, used)


def _gear(row: Row) -> str | None:
    """The API's gear id; the export has only its number."""
    for letter, name in (("b", "Bike"), ("g", "Gear")):
        value = row.number(name)
        if value:
            return f"{letter}{round(value)}"
    return None
