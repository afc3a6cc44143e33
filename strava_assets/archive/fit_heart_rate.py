"""Heart rates that a chest strap stored and handed over later: FIT's `hr` messages.

Each message holds beats, whose times count from that of an earlier message with a timestamp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strava_assets.archive.fit_decoder import in_width, unroll

if TYPE_CHECKING:
    from strava_assets.archive.fit_decoder import FitMessages, Values

_HR = 132
_FRACTION, _TIME_256, _BPM, _EVENT_TIMESTAMP, _EVENT_TIMESTAMP_12 = 0, 1, 6, 9, 10
_EVENTS_PER_S = 1024
_EVENT_WRAPS_AT = 2**32
# A heart rate holds until the next beat, but no longer.
_HOLDS_S = 5


def heart_rate_at(messages: FitMessages, times: Values) -> Values:
    """The heart rate of the last beat at or before each time, in beats per minute; NaN without one in 5 s.

    Args:
        messages: The messages of the file.
        times: Seconds of FIT's epoch.
    """
    beats, bpm = _beats(messages)
    if not len(beats):
        return np.full(len(times), np.nan)
    last = np.searchsorted(beats, times, side="right") - 1
    is_held = (last >= 0) & (times - beats[last] <= _HOLDS_S)
    return np.where(is_held, bpm[last], np.nan)


def _beats(messages: FitMessages) -> tuple[Values, Values]:
    """The times of all beats in order, in seconds of FIT's epoch, and their heart rates."""
    if not messages.count(_HR):
        return np.empty(0), np.empty(0)
    bpm = messages.values(_HR, _BPM)
    full = messages.values(_HR, _EVENT_TIMESTAMP)
    low = _unpacked(messages.values(_HR, _EVENT_TIMESTAMP_12))
    width = max(bpm.shape[1], full.shape[1], low.shape[1])
    bpm, full, low = (in_width([values], width) for values in (bpm, full, low))
    events = unroll(full.ravel(), low.ravel(), 4096).reshape(full.shape)
    anchor_s = messages.timestamps(_HR) + _fraction(messages)
    anchors = np.flatnonzero(np.isfinite(anchor_s) & np.isfinite(events[:, 0]))
    if not len(anchors):
        return np.empty(0), np.empty(0)
    row = np.searchsorted(anchors, np.arange(len(events)), side="right") - 1
    anchor = anchors[np.maximum(row, 0)]
    since_anchor = (events - events[anchor, :1]) % _EVENT_WRAPS_AT / _EVENTS_PER_S
    beats = anchor_s[anchor][:, None] + since_anchor
    is_beat = np.isfinite(beats) & (bpm > 0) & (row >= 0)[:, None]
    order = np.argsort(beats[is_beat], kind="stable")
    return beats[is_beat][order], bpm[is_beat][order]


def _fraction(messages: FitMessages) -> Values:
    fraction = messages.first_values(_HR, _FRACTION) / 32_768
    fraction = np.where(np.isfinite(fraction), fraction, messages.first_values(_HR, _TIME_256) / 256)
    return np.where(np.isfinite(fraction), fraction, 0.0)


def _unpacked(packed: Values) -> Values:
    """Two 12-bit values from every three bytes."""
    count = packed.shape[1] // 3
    triples = packed[:, : 3 * count].reshape(len(packed), count, 3)
    first, second, third = triples[..., 0], triples[..., 1], triples[..., 2]
    pairs = np.stack([first + second % 16 * 256, second // 16 + third * 16], axis=-1)
    return pairs.reshape(len(packed), 2 * count)
