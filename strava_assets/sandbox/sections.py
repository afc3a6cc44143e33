"""Sections of a recording: from one sample up to another, with the figures of the seconds between.

Consecutive sections add up to the whole recording: a pause belongs to the section before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.sandbox.invented_activity import iso_utc

if TYPE_CHECKING:
    from strava_assets.sandbox.recording import Floats, Record, RecordedSamples


@dataclass(frozen=True)
class Section:
    """The samples from `first` up to `end`, which is exclusive."""

    samples: RecordedSamples
    first: int
    end: int

    @property
    def elapsed_s(self) -> int:
        """Seconds from its first sample to the next section, pauses included."""
        time_s = self.samples.time_s
        last = time_s[self.end] if self.end < len(time_s) else time_s[-1] + 1
        return int(last - time_s[self.first])

    @property
    def moving_s(self) -> int:
        """Seconds in motion; there is one sample a second."""
        return int(self.samples.moving[self.first : self.end].sum())

    @cached_property
    def distance_m(self) -> float:
        """Meters covered; 0 without a distance."""
        distance_m = self.samples.distance_m
        if distance_m is None:
            return 0.0
        before = distance_m[self.first - 1] if self.first else 0.0
        return round(float(distance_m[self.end - 1] - before), 1)

    @property
    def speed_mps(self) -> float:
        """Meters per second in motion."""
        return round(self.distance_m / self.moving_s, 3) if self.moving_s else 0.0

    @property
    def climb_m(self) -> float:
        """Meters climbed, or 0 without an altitude."""
        heights = self._part(self.samples.altitude_m)
        return 0.0 if heights is None else round(float(np.maximum(np.diff(heights), 0).sum()), 1)

    @property
    def height_difference_m(self) -> float:
        """Altitude at the end less altitude at the start, or 0 without an altitude."""
        heights = self._part(self.samples.altitude_m)
        return 0.0 if heights is None else round(float(heights[-1] - heights[0]), 1)

    def mean(self, values: Floats | None) -> float | None:
        """The mean of a channel, dropouts left out; None without a value."""
        measured = self._measured(values)
        return round(float(measured.mean()), 1) if measured.size else None

    def highest(self, values: Floats | None) -> float | None:
        """The maximum of a channel; None without a value."""
        measured = self._measured(values)
        return round(float(measured.max()), 3) if measured.size else None

    def starts(self, record: Record) -> dict[str, str]:
        """`start_date` and `start_date_local` of the section."""
        offset = timedelta(seconds=int(self.samples.time_s[self.first]))
        return {
            name: iso_utc(datetime.fromisoformat(record[name]).astimezone(UTC) + offset)
            for name in ("start_date", "start_date_local")
            if record.get(name)
        }

    def _part(self, values: Floats | None) -> Floats | None:
        return None if values is None else values[self.first : self.end]

    def _measured(self, values: Floats | None) -> Floats:
        part = self._part(values)
        return np.empty(0) if part is None else part[~np.isnan(part)]


def whole(samples: RecordedSamples) -> Section:
    """The recording as one section."""
    return Section(samples, 0, len(samples))


def every(samples: RecordedSamples, length_m: float) -> list[Section]:
    """Sections of a length, and the rest as the last one; the whole recording without a distance."""
    if samples.distance_m is None:
        return [whole(samples)]
    marks = np.arange(length_m, samples.distance_m[-1], length_m)
    ends = np.unique(np.append(np.searchsorted(samples.distance_m, marks) + 1, len(samples)))
    ends = ends[ends <= len(samples)]
    starts = np.concatenate(([0], ends[:-1]))
    return [Section(samples, int(first), int(end)) for first, end in zip(starts, ends, strict=True)]


def activity_and_athlete(record: Record) -> dict[str, Any]:
    """The references that a lap or an effort has to its activity."""
    return {
        "activity": {"id": record["id"], "resource_state": 1},
        "athlete": {"id": (record.get("athlete") or {}).get("id"), "resource_state": 1},
    }
