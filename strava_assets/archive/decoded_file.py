"""The common result of decoding a FIT, GPX or TCX file: channels, start, time zone, and notes of repairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.archive.errors import NoSamplesError, UnreadableFileError
from strava_assets.archive.sample_times import first_in_each_second, outliers
from strava_assets.archive.time_zones import zone_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Values = np.ndarray[Any, np.dtype[np.float64]]

# Three weeks at 1 Hz.
MAX_SAMPLES = 2_000_000
_MISSING = float("nan")
# If file and activity start or end within a minute of each other, the activity was not cropped there. Of a
# short file it is a tenth.
_UNCROPPED_S = 60
_MAX_KEPT = 0.1
# Until their clock is set, devices count from FIT's epoch, the end of 1989.
_FIRST_YEAR = 1999
_LAST_TIME_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
# A jump of the time is held against the clock only from this length on.
_CLOCK_JUMP_S = 3600
_MAX_EXCESS = 0.05

# Values outside of these limits count as missing. Power is kept as it is: `power` counts its spikes.
_VALID_RANGES = {
    "heartrate_bpm": (1.0, 300.0),
    "cadence_rpm": (0.0, 1_000.0),
    "temp_c": (-100.0, 100.0),
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
}
# Sums of larger numbers could overflow; no device writes them.
_ANY_NUMBER = (-1e10, 1e10)
# A sensor without contact sends zero.
_ZERO_IS_MISSING = "heartrate_bpm"


@dataclass(frozen=True)
class DecodedFile:
    """A decoded recording.

    Args:
        start: The time of `t_s` 0, aware UTC.
        channels: Arrays of the same length by column name of the recordings. `t_s` is in whole seconds and
            strictly increasing. Missing values are NaN, and channels without any value are left out.
        utc_offset_s: The offset of the device's clock, if the file has it.
        timezone: The IANA zone of the first position; None in a virtual world.
        notes: What was repaired or dropped, a sentence each.
    """

    start: datetime
    channels: Mapping[str, Values]
    utc_offset_s: int | None = None
    timezone: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def has_date(self) -> bool:
        """Whether the device's clock was set; otherwise `start` means nothing."""
        return self.start.year >= _FIRST_YEAR

    def cropped_to(self, start: datetime, elapsed_s: int | None) -> DecodedFile:
        """The part of the file that belongs to the activity, with `t_s` counted from the activity's start.

        A file is exported as it was uploaded, even if the activity was cropped or split afterwards. If file
        and activity do not overlap, the activity's start was corrected, and the file is returned unchanged.
        At an end that was not cropped every sample is kept, and `t_s` counts from the earlier start.

        Args:
            start: The activity's start, aware UTC.
            elapsed_s: The activity's elapsed time, or None if it is unknown.
        """
        if not self.has_date:
            note = "The device's clock was never set: the start is the activity's own."
            return replace(self, start=start, notes=(*self.notes, note))
        if elapsed_s is not None and (joined := self._without_clock_jump(start, elapsed_s)):
            return joined
        t_s = self.channels["t_s"]
        shift = round((start - self.start).total_seconds())
        end = float(t_s[-1])
        last = end if elapsed_s is None else shift + elapsed_s
        most_kept_s = min(_UNCROPPED_S, _MAX_KEPT * end)
        is_uncropped = -_UNCROPPED_S <= shift <= most_kept_s
        is_cropped = shift > most_kept_s and last <= end + _UNCROPPED_S
        if is_uncropped:
            shift = min(shift, 0)
        if end - last <= most_kept_s:
            last = end
        inside = (t_s >= shift) & (t_s <= last)
        if not inside.any() or not (is_uncropped or is_cropped):
            return self
        channels = {name: values[inside] for name, values in self.channels.items()}
        channels["t_s"] = channels["t_s"] - shift
        return replace(self, start=self.start + timedelta(seconds=shift), channels=_with_any_value(channels))

    def _without_clock_jump(self, start: datetime, elapsed_s: int) -> DecodedFile | None:
        """The recording without its longest jump in time, if it lasts as long as the activity only then.

        The clock was put right during the activity, and Strava does not count the jump.
        """
        t_s = self.channels["t_s"]
        steps = np.diff(t_s, append=t_s[-1])
        at = int(steps.argmax())
        jump_s = float(steps[at]) - 1
        excess_s = abs(t_s[-1] - jump_s - elapsed_s)
        if jump_s < _CLOCK_JUMP_S or excess_s > min(_UNCROPPED_S, _MAX_EXCESS * elapsed_s):
            return None
        joined = np.where(np.arange(len(t_s)) > at, t_s - jump_s, t_s)
        note = f"The clock jumped by {jump_s:,.0f} s after {t_s[at]:,.0f} s: the samples were joined."
        return replace(
            self,
            start=start,
            channels={**self.channels, "t_s": joined},
            notes=(*self.notes, note),
        )


def decoded_file(
    times: Values,
    values: Mapping[str, Values],
    *,
    utc_offset_s: int | None = None,
    is_virtual: bool = False,
    damage: str | None = None,
    notes: Sequence[str] = (),
) -> DecodedFile:
    """Make a recording of the samples of a file: drop outliers in time, sort, keep one sample a second.

    Args:
        times: Epoch seconds in the order of the file; NaN for samples without a time.
        values: The channels.
        utc_offset_s: The offset of the device's clock.
        is_virtual: Whether the positions are in a virtual world.
        damage: Why the file could not be read to its end.
        notes: What the reader has already repaired.

    Raises:
        NoSamplesError: There is no sample with a time.
        UnreadableFileError: There are too many samples.
    """
    if len(times) > MAX_SAMPLES:
        raise UnreadableFileError(f"it has more than {MAX_SAMPLES:,} samples")
    repairs = list(notes)
    channels = {name: _mask_invalid(name, channel, repairs) for name, channel in values.items()}
    _mask_null_island(channels)
    has_time = (times >= 0) & (times < _LAST_TIME_S)
    times, channels = _select(times, channels, has_time, "without a time", repairs)
    if not len(times):
        raise NoSamplesError("it has no sample with a time")
    times, channels = _select(times, channels, ~outliers(times), "with an impossible time", repairs)
    times, channels = _sorted(times, channels, repairs)
    seconds, channels = _one_a_second(np.floor(times), channels, repairs)
    if damage:
        repairs.append(f"The file is damaged after {seconds[-1] - seconds[0]:,.0f} s: {damage}.")
    return DecodedFile(
        start=datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(seconds[0])),
        channels=_with_any_value({"t_s": seconds - seconds[0], **channels}),
        utc_offset_s=utc_offset_s,
        timezone=None if is_virtual else _zone_of(channels),
        notes=tuple(repairs),
    )


def _select(
    times: Values, channels: dict[str, Values], keep: Any, which: str, repairs: list[str]
) -> tuple[Values, dict[str, Values]]:
    """Drop the samples that are not to be kept, and note how many."""
    dropped = len(times) - int(np.count_nonzero(keep))
    if not dropped:
        return times, channels
    repairs.append(f"Samples {which}, dropped: {dropped:,}.")
    return times[keep], {name: values[keep] for name, values in channels.items()}


def _sorted(
    times: Values, channels: dict[str, Values], repairs: list[str]
) -> tuple[Values, dict[str, Values]]:
    if (np.diff(times) >= 0).all():
        return times, channels
    repairs.append("The samples were not in the order of time and were sorted.")
    order = np.argsort(times, kind="stable")
    return times[order], {name: values[order] for name, values in channels.items()}


def _one_a_second(
    seconds: Values, channels: dict[str, Values], repairs: list[str]
) -> tuple[Values, dict[str, Values]]:
    """Merge the samples of each second: the first value of each channel counts."""
    distinct = np.unique(seconds)
    if len(distinct) == len(seconds):
        return seconds, channels
    merged = {name: first_in_each_second(seconds, values) for name, values in channels.items()}
    dropped = max((_count(channels[name]) - _count(merged[name]) for name in channels), default=0)
    if dropped:
        repairs.append(f"Samples of a second that had one already, dropped: {dropped:,}.")
    return distinct, merged


def _count(values: Values) -> int:
    return int(np.count_nonzero(np.isfinite(values)))


def _mask_invalid(name: str, values: Values, repairs: list[str]) -> Values:
    """Values that a body or place can have, NaN for all others; notes how many were dropped."""
    low, high = _VALID_RANGES.get(name, _ANY_NUMBER)
    is_valid = np.isfinite(values) & (values >= low) & (values <= high)
    no_contact = values == 0 if name == _ZERO_IS_MISSING else False
    dropped = int(np.count_nonzero(~is_valid & ~np.isnan(values) & ~np.asarray(no_contact)))
    if dropped:
        repairs.append(f"Values of {name} outside of {low:g} to {high:g}, dropped: {dropped:,}.")
    return np.where(is_valid, values, _MISSING)


def _mask_null_island(channels: dict[str, Values]) -> None:
    """Remove the position 0,0, which devices write until they have one."""
    latitude, longitude = channels.get("latitude_deg"), channels.get("longitude_deg")
    if latitude is None or longitude is None:
        return
    is_position = np.isfinite(latitude) & np.isfinite(longitude) & ((latitude != 0) | (longitude != 0))
    channels["latitude_deg"] = np.where(is_position, latitude, _MISSING)
    channels["longitude_deg"] = np.where(is_position, longitude, _MISSING)


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
    positions = np.flatnonzero(np.isfinite(latitude))
    return zone_at(float(latitude[positions[0]]), float(longitude[positions[0]])) if len(positions) else None
