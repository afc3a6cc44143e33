"""The common result of decoding a FIT, GPX or TCX file: channels, start time and time zone."""

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
MAX_SAMPLES = 2_000_000
_BLOCK = 10_000
_MISSING = float("nan")
# If file and activity start or end within a minute of each other, the activity was not cropped there.
_UNCROPPED_S = 60

# Values outside of these limits count as missing.
_VALID_RANGES = {
    "watts": (0.0, 10_000.0),
    "heartrate_bpm": (1.0, 300.0),
    "cadence_rpm": (0.0, 1_000.0),
    "temp_c": (-100.0, 100.0),
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
}


@dataclass(frozen=True)
class DecodedFile:
    """A decoded recording.

    Args:
        start: The time of `t_s` 0, aware UTC.
        channels: Arrays of the same length by column name of the recordings. `t_s` is in whole seconds and
            strictly increasing. Missing values are NaN, and channels without any value are left out.
        utc_offset_s: The offset of the device's clock, if the file has it.
        timezone: The IANA zone of the first position.
    """

    start: datetime
    channels: Mapping[str, Values]
    utc_offset_s: int | None = None
    timezone: str | None = None

    def cropped_to(self, start: datetime, elapsed_s: int | None) -> DecodedFile:
        """The part of the file that belongs to the activity, with `t_s` counted from the activity's start.

        A file is exported as it was uploaded, even if the activity was cropped or split afterwards. If file
        and activity do not overlap, the activity's start was corrected, and the file is returned unchanged.

        Args:
            start: The activity's start, aware UTC.
            elapsed_s: The activity's elapsed time, or None if it is unknown.
        """
        t_s = self.channels["t_s"]
        shift = round((start - self.start).total_seconds())
        end = float(t_s[-1])
        last = end if elapsed_s is None else shift + elapsed_s
        is_uncropped = abs(shift) <= _UNCROPPED_S
        is_cropped = shift > 0 and last <= end + _UNCROPPED_S
        inside = (t_s >= shift) & (t_s <= last)
        if not inside.any() or not (is_uncropped or is_cropped):
            return self
        channels = {name: values[inside] for name, values in self.channels.items()}
        channels["t_s"] = channels["t_s"] - shift
        return replace(self, start=start, channels=_with_any_value(channels))


class Samples:
    """Collects the samples of one file.

    Args:
        names: The channels of the format.
        scales: Factors that convert channels to the registry's units.
    """

    def __init__(self, names: Sequence[str], scales: Mapping[str, float] | None = None) -> None:
        self._names = tuple(names)
        self._scales = scales or {}
        self._rows: list[Sequence[Any]] = []
        self._blocks: list[Values] = []

    def add(self, row: Sequence[Any]) -> None:
        """Add one sample: epoch seconds, then a value or None for each channel.

        Raises:
            UnreadableFileError: The file has too many samples.
        """
        self._rows.append(row)
        if len(self._rows) == _BLOCK:
            self._pack()

    def decoded_file(self, utc_offset_s: int | None = None) -> DecodedFile:
        """The recording with all samples added so far.

        Raises:
            UnreadableFileError: There is no sample with a time, or the clock runs backwards.
        """
        self._pack()
        table = np.concatenate(self._blocks) if self._blocks else np.empty((0, 1))
        table = table[np.isfinite(table[:, 0])]
        if not len(table):
            raise UnreadableFileError("it has no sample with a time")
        times = np.floor(table[:, 0])
        latest = np.maximum.accumulate(times)
        # Keep the first sample of each second, and no sample from before the latest time so far.
        later = np.concatenate([[True], times[1:] > latest[:-1]])
        if later.sum() < 0.5 * len(np.unique(times)):
            raise UnreadableFileError("its clock runs backwards")
        times = times[later]
        channels = {"t_s": times - times[0]}
        for name, column in zip(self._names, table[later].T[1:], strict=True):
            channels[name] = _mask_invalid(name, column * self._scales.get(name, 1.0))
        channels = _with_any_value(channels)
        return DecodedFile(
            start=datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(times[0])),
            channels=channels,
            utc_offset_s=utc_offset_s,
            timezone=_zone_of(channels),
        )

    def _pack(self) -> None:
        """Convert rows to an array in blocks: numbers take a quarter of the memory there."""
        if not self._rows:
            return
        if _BLOCK * len(self._blocks) >= MAX_SAMPLES:
            raise UnreadableFileError(f"it has more than {MAX_SAMPLES:,} samples")
        try:
            block = np.array(self._rows, dtype=np.float64)
        except (TypeError, ValueError):  # a value is a list or text
            numbers = [[v if type(v) in (int, float) else None for v in row] for row in self._rows]
            block = np.array(numbers, dtype=np.float64)
        self._blocks.append(block)
        self._rows = []


def _mask_invalid(name: str, values: Values) -> Values:
    if name not in _VALID_RANGES:
        return np.where(np.isfinite(values), values, _MISSING)
    low, high = _VALID_RANGES[name]
    return np.where((values >= low) & (values <= high), values, _MISSING)


def _with_any_value(channels: dict[str, Values]) -> dict[str, Values]:
    """Drop channels without any value, and a power channel that is always zero."""
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
