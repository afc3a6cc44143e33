"""What any recording's file comes to: channels by the registry's names, when they begin, and where that was.

How each format is read stands beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.time_zones import zone_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Values = np.ndarray[Any, np.dtype[np.float64]]

# Three weeks at 1 Hz.
MOST_SAMPLES = 2_000_000
_BLOCK = 10_000
_MISSING = float("nan")
# A file that begins or ends within a minute of what Strava shows was not cropped there.
_UNCROPPED_S = 60

# Between what bounds a value can be at all; outside of them the sensor said nothing.
_POSSIBLE = {
    "watts": (0.0, 10_000.0),
    "heartrate_bpm": (1.0, 300.0),
    "cadence_rpm": (0.0, 1_000.0),
    "temp_c": (-100.0, 100.0),
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
}


@dataclass(frozen=True)
class Recorded:
    """A recording.

    Args:
        start: the instant of `t_s` 0, aware UTC.
        channels: arrays of one length by the names of the recordings' columns; `t_s` in whole seconds,
            strictly increasing; NaN where a sensor said nothing, and no channel that never said anything.
        utc_offset_s: what the device's clock was ahead of UTC, where the file says so.
        timezone: the IANA zone of the first position.
    """

    start: datetime
    channels: Mapping[str, Values]
    utc_offset_s: int | None = None
    timezone: str | None = None

    def cropped_to(self, start: datetime, elapsed_s: int | None) -> Recorded:
        """The part that Strava shows, with `t_s` counted from the start it shows.

        A file is as it was uploaded, also where the activity was cropped afterwards or is one of several from
        the same file. Where the two do not overlap, a wrong clock was put right, and the file stays as it is.

        Args:
            start: the activity's, aware UTC.
            elapsed_s: from its start to its end; None where it is not known.
        """
        t_s = self.channels["t_s"]
        shift = round((start - self.start).total_seconds())
        end = float(t_s[-1])
        last = end if elapsed_s is None else shift + elapsed_s
        is_whole = abs(shift) <= _UNCROPPED_S
        is_part = shift > 0 and last <= end + _UNCROPPED_S
        inside = (t_s >= shift) & (t_s <= last)
        if not inside.any() or not (is_whole or is_part):
            return self
        channels = {name: values[inside] for name, values in self.channels.items()}
        channels["t_s"] = channels["t_s"] - shift
        return replace(self, start=start, channels=_with_any_value(channels))


class Samples:
    """Samples as a reader meets them.

    Args:
        names: the channels the format has.
        scales: what a channel's values are multiplied by, where its unit is another one.
    """

    def __init__(self, names: Sequence[str], scales: Mapping[str, float] | None = None) -> None:
        self._names = tuple(names)
        self._scales = scales or {}
        self._rows: list[Sequence[Any]] = []
        self._blocks: list[Values] = []

    def add(self, row: Sequence[Any]) -> None:
        """Add one sample: its time in seconds since 1970, UTC, and a value or None for each channel.

        Raises:
            UnreadableFileError: there are more than any activity has.
        """
        self._rows.append(row)
        if len(self._rows) == _BLOCK:
            self._pack()

    def recorded(self, utc_offset_s: int | None = None) -> Recorded:
        """The recording they make.

        Raises:
            UnreadableFileError: there are none, or their times make no sense.
        """
        self._pack()
        table = np.concatenate(self._blocks) if self._blocks else np.empty((0, 1))
        table = table[np.isfinite(table[:, 0])]
        if not len(table):
            raise UnreadableFileError("it holds no sample with a time")
        times = np.floor(table[:, 0])
        latest = np.maximum.accumulate(times)
        # The first of each second, and none of a stretch that a clock ran a second time.
        later = np.concatenate([[True], times[1:] > latest[:-1]])
        if later.sum() < 0.5 * len(np.unique(times)):
            raise UnreadableFileError("its clock runs backwards")
        times = times[later]
        channels = {"t_s": times - times[0]}
        for name, column in zip(self._names, table[later].T[1:], strict=True):
            channels[name] = _possible(name, column * self._scales.get(name, 1.0))
        channels = _with_any_value(channels)
        return Recorded(
            start=datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(times[0])),
            channels=channels,
            utc_offset_s=utc_offset_s,
            timezone=_zone_of(channels),
        )

    def _pack(self) -> None:
        """Rows into numbers, block by block: a number takes eight bytes there and four times as many here."""
        if not self._rows:
            return
        if _BLOCK * len(self._blocks) >= MOST_SAMPLES:
            raise UnreadableFileError(f"it holds more than {MOST_SAMPLES:,} samples")
        try:
            block = np.array(self._rows, dtype=np.float64)
        except (TypeError, ValueError):  # a list or a text where a number belongs
            numbers = [[v if type(v) in (int, float) else None for v in row] for row in self._rows]
            block = np.array(numbers, dtype=np.float64)
        self._blocks.append(block)
        self._rows = []


def _possible(name: str, values: Values) -> Values:
    if name not in _POSSIBLE:
        return np.where(np.isfinite(values), values, _MISSING)
    least, most = _POSSIBLE[name]
    # Not a number is neither at least the one nor at most the other.
    return np.where((values >= least) & (values <= most), values, _MISSING)


def _with_any_value(channels: dict[str, Values]) -> dict[str, Values]:
    """Without the sensors that never said anything; a meter that said nought all along is one of them."""
    return {
        name: values
        for name, values in channels.items()
        if np.isfinite(values).any() and (name != "watts" or np.nanmax(values) > 0)
    }


def _zone_of(channels: Mapping[str, Values]) -> str | None:
    latitude, longitude = channels.get("latitude_deg"), channels.get("longitude_deg")
    if latitude is None or longitude is None:
        return None
    positions = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    return zone_at(float(latitude[positions[0]]), float(longitude[positions[0]])) if len(positions) else None
