"""One invented activity and its summary in Strava's format.

This module decides which fields are absent and which are null. The sessions of a day are in diary.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from strava_assets.sandbox.samples import Figures

LatLng = tuple[float, float]

# The deprecated field `type` where it differs from `sport_type`.
_LEGACY_TYPES = {
    "GravelRide": "Ride",
    "MountainBikeRide": "Ride",
    "EMountainBikeRide": "EBikeRide",
    "TrailRun": "Run",
    "Pilates": "Workout",
    "Padel": "Workout",
}


@dataclass(frozen=True, kw_only=True)
class Track:
    """The track of an activity: encoded polyline, start and end, lowest and highest elevation."""

    polyline: str
    start: LatLng
    end: LatLng
    elev_low_m: float
    elev_high_m: float


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The data of one activity; None means that the sensor was missing.

    Attributes:
        start: Aware, UTC.
        zone: IANA name.
        average_watts: Measured, or Strava's estimate if `weighted_watts` is None.
        heartrate: Mean and maximum in beats per minute.
        start_hidden: The athlete hides start times: the date remains, the time is 00:00:01.
    """

    id: int
    athlete_id: int
    name: str
    sport_type: str
    start: datetime
    zone: str
    moving_time_s: int
    elapsed_time_s: int
    distance_m: float
    climb_m: float
    max_speed_mps: float | None = None
    average_watts: float | None = None
    weighted_watts: int | None = None
    max_watts: int | None = None
    heartrate: tuple[float, float] | None = None
    cadence: float | None = None
    temperature_c: int | None = None
    relative_effort: float | None = None
    track: Track | None = None
    gear_id: str | None = None
    external_id: str | None = None
    workout_type: int | None = None
    visibility: str = "everyone"
    trainer: bool = False
    commute: bool = False
    manual: bool = False
    flagged: bool = False
    start_hidden: bool = False
    athletes: int = 1
    kudos: int = 3
    records: int = 0

    @property
    def public_start(self) -> datetime:
        """The start that Strava shows."""
        if not self.start_hidden:
            return self.start
        local = self.start.astimezone(_zone(self.zone))
        return self.start - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second - 1)

    def summary(self) -> dict[str, Any]:
        """The record of the list endpoint, with Strava's order of fields."""
        zone = zone_fields(self.zone, self.start)
        start = self.public_start
        return (
            {
                "resource_state": 2,
                "athlete": {"id": self.athlete_id, "resource_state": 1},
                "name": self.name,
                "distance": self.distance_m,
                "moving_time": self.moving_time_s,
                "elapsed_time": self.elapsed_time_s,
                "total_elevation_gain": self.climb_m,
                "type": _LEGACY_TYPES.get(self.sport_type, self.sport_type),
                "sport_type": self.sport_type,
                "workout_type": self.workout_type,
                "id": self.id,
                "start_date": iso_utc(start),
                "start_date_local": false_utc(start, zone["utc_offset"]),
            }
            | zone
            | self._social()
            | self._place()
            | self._sensors()
            | self._upload()
        )

    def _social(self) -> dict[str, Any]:
        return {
            "location_city": None,
            "location_state": None,
            "location_country": None,
            "achievement_count": self.records * 2,
            "kudos_count": self.kudos,
            "comment_count": self.kudos // 9,
            "athlete_count": self.athletes,
            "photo_count": 0,
        }

    def _place(self) -> dict[str, Any]:
        # Manual entries have nulls, recordings without GPS have empty values.
        nowhere: list[float] | None = None if self.manual else []
        return {
            "map": {
                "id": f"a{self.id}",
                "summary_polyline": self.track.polyline if self.track else (None if self.manual else ""),
                "resource_state": 2,
            },
            "trainer": self.trainer,
            "commute": self.commute,
            "manual": self.manual,
            "private": self.visibility == "only_me",
            "visibility": self.visibility,
            "flagged": self.flagged,
            "gear_id": self.gear_id,
            "start_latlng": list(self.track.start) if self.track else nowhere,
            "end_latlng": list(self.track.end) if self.track else nowhere,
        }

    def _sensors(self) -> dict[str, Any]:
        speed_mps = round(self.distance_m / self.moving_time_s, 3) if self.moving_time_s else 0.0
        fields: dict[str, Any] = {
            "average_speed": speed_mps,
            "max_speed": round(self.max_speed_mps or speed_mps * 1.9, 3),
        }
        if self.cadence is not None:
            fields["average_cadence"] = self.cadence
        if self.temperature_c is not None:
            fields["average_temp"] = self.temperature_c
        if self.average_watts is not None:
            fields["average_watts"] = self.average_watts
            if self.weighted_watts is not None:
                fields |= {"max_watts": self.max_watts, "weighted_average_watts": self.weighted_watts}
            fields["device_watts"] = self.weighted_watts is not None
            fields["kilojoules"] = round(self.average_watts * self.moving_time_s / 1000, 1)
        fields["has_heartrate"] = self.heartrate is not None
        if self.heartrate is not None:
            fields |= {"average_heartrate": self.heartrate[0], "max_heartrate": self.heartrate[1]}
        fields |= {"heartrate_opt_out": False, "display_hide_heartrate_option": self.heartrate is not None}
        if self.track is not None:
            fields |= {"elev_high": self.track.elev_high_m, "elev_low": self.track.elev_low_m}
        return fields

    def _upload(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"upload_id": None, "external_id": None}
        if not self.manual:
            upload_id = self.id + 1_083_700_000 + self.id % 9_973
            fields = {
                "upload_id": upload_id,
                "upload_id_str": str(upload_id),
                "external_id": self.external_id or f"garmin_ping_{upload_id * 27}",
            }
        fields |= {
            "from_accepted_tag": False,
            "pr_count": self.records,
            "total_photo_count": self.kudos // 7,
            "has_kudoed": False,
        }
        if self.heartrate is not None:
            fields["suffer_score"] = self.relative_effort
        return fields


def with_figures(record: dict[str, Any], figures: Figures) -> dict[str, Any]:
    """The summary with the figures of other seconds, in the fields that it has. Estimated watts stay."""
    new: dict[str, Any] = {
        "moving_time": figures.moving_time_s,
        "distance": figures.distance_m,
        "total_elevation_gain": figures.climb_m,
        "average_speed": round(figures.distance_m / figures.moving_time_s, 3),
        "max_speed": figures.max_speed_mps,
        "average_heartrate": figures.average_heartrate_bpm,
        "max_heartrate": figures.max_heartrate_bpm,
        "average_cadence": figures.cadence_rpm,
        "average_temp": figures.temperature_c,
        "elev_low": figures.elev_low_m,
        "elev_high": figures.elev_high_m,
    }
    if record.get("device_watts"):
        new |= {
            "average_watts": figures.average_watts,
            "weighted_average_watts": figures.weighted_watts,
            "max_watts": figures.max_watts,
        }
    return record | {name: value for name, value in new.items() if name in record}


def zone_fields(zone: str, instant: datetime) -> dict[str, Any]:
    """`timezone` and `utc_offset` in Strava's format: the first has the standard offset all year."""
    local = instant.astimezone(_zone(zone))
    offset = local.utcoffset() or timedelta()
    standard = offset - (local.dst() or timedelta())
    sign = "-" if standard < timedelta() else "+"
    hours, minutes = divmod(abs(int(standard.total_seconds())) // 60, 60)
    return {
        "timezone": f"(GMT{sign}{hours:02d}:{minutes:02d}) {zone}",
        "utc_offset": offset.total_seconds(),
    }


def iso_utc(instant: datetime) -> str:
    """`2026-11-23T08:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def false_utc(instant: datetime, utc_offset_s: float) -> str:
    """Local time with the Z that Strava appends nevertheless."""
    return iso_utc(instant + timedelta(seconds=utc_offset_s))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
