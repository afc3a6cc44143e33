"""Splits a file that holds several activities: the history of a training program, tracks of many days.

For files that no export describes. What belongs together in time stays one activity, because devices begin a
new track after a pause, and a triathlon is several activities within minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.fit_decoder import CRC_BYTES, MAGIC, FitMessages, end_of_fit_file
from strava_assets.archive.markup import PREFIX, ROOT, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strava_assets.archive.decoded_file import Values

Value = TypeVar("Value")
# Longer than the pause of a ride, shorter than a night.
_LONGEST_PAUSE_S = 3 * 3600
# Three a day for ten years.
_MAX_TRACKS = 10_000
_RECORD = 20
_START = re.compile(rb"<(" + PREFIX + rb"(?:Activity|trk))[\s>]")
_TIME = re.compile(rb"<" + PREFIX + rb"[Tt]ime>([^<]*)<")
_ACTIVITIES = re.compile(rb"<" + PREFIX + rb"Activities[\s>]")


@dataclass(frozen=True)
class Part:
    """One of several activities of a file.

    Args:
        spans: where it stands in the file, in bytes.
        before: what must stand before it to be a file of its own.
        after: what must stand after it.
    """

    spans: tuple[tuple[int, int], ...]
    before: bytes = b""
    after: bytes = b""

    def cut_from(self, content: bytes) -> bytes:
        """The activity as a file of its own."""
        return self.before + b"".join(content[start:end] for start, end in self.spans) + self.after


class _Track(NamedTuple):
    """A track, an activity or a FIT file, and when it was recorded, in seconds; None without any time."""

    start: int
    end: int
    recorded: tuple[float, float] | None


def split_activities(content: bytes) -> list[Part]:
    """The activities of a FIT, GPX or TCX file that is not compressed; empty unless there are several.

    Raises:
        UnreadableFileError: it has too many of them.
    """
    is_fit = content[8:12] == MAGIC
    groups = _near_in_time(_fit_files(content) if is_fit else _elements(content))
    if len(groups) <= 1:
        return []
    before, after = (b"", b"") if is_fit else _frame(content)
    return [Part(tuple((track.start, track.end) for track in group), before, after) for group in groups]


def _near_in_time(tracks: Sequence[_Track]) -> list[list[_Track]]:
    """The tracks of each activity, in the order of the file. Tracks without a time go with the first."""
    groups: list[list[_Track]] = []
    ended = -float("inf")
    for (begins, ends), track in sorted((track.recorded, track) for track in tracks if track.recorded):
        if begins - ended > _LONGEST_PAUSE_S:
            groups.append([])
        groups[-1].append(track)
        ended = max(ended, ends)
    if groups:
        groups[0] += [track for track in tracks if not track.recorded]
    return [sorted(group, key=lambda track: track.start) for group in groups]


def _elements(content: bytes) -> list[_Track]:
    """The activities of a TCX file or the tracks of a GPX file."""
    starts = _bounded((match.start(), match[1]) for match in _START.finditer(content))
    if len(starts) <= 1:
        return []
    limits = [*(begin for begin, _ in starts), len(content)]
    tracks = []
    for (_, tag), (begin, limit) in zip(starts, pairwise(limits), strict=True):
        closing = b"</" + tag + b">"
        closes = content.rfind(closing, begin, limit)
        end = limit if closes < 0 else closes + len(closing)
        tracks.append(_Track(begin, end, _times_in(content[begin:end])))
    return tracks


def _times_in(element: bytes) -> tuple[float, float] | None:
    times = np.array([seconds(match[1].decode(errors="replace")) for match in _TIME.finditer(element)])
    return _first_and_last(times)


def _first_and_last(times: Values) -> tuple[float, float] | None:
    times = times[np.isfinite(times)]
    return (float(min(times[0], times[-1])), float(max(times[0], times[-1]))) if len(times) else None


def _frame(content: bytes) -> tuple[bytes, bytes]:
    """What stands around the activities of a GPX or TCX file."""
    root = ROOT.match(content)
    before = root[0] + b">" if root else b""
    after = b"</" + root[1][1:] + b">" if root else b""
    if _ACTIVITIES.search(content):
        return before + b"<Activities>", b"</Activities>" + after
    return before, after


def _fit_files(content: bytes) -> list[_Track]:
    """The FIT files that stand one after the other; what follows the last one stays with it."""
    starts = _bounded(_starts_of_fit_files(content))
    if len(starts) <= 1:
        return []
    spans = pairwise([*starts, len(content)])
    return [
        _Track(begin, end, _first_and_last(FitMessages(content[begin:end]).timestamps(_RECORD)))
        for begin, end in spans
    ]


def _starts_of_fit_files(content: bytes) -> Iterator[int]:
    position: int | None = 0
    while position is not None and content[position + 8 : position + 12] == MAGIC:
        yield position
        end = end_of_fit_file(content, position)
        position = None if end is None else end + CRC_BYTES


def _bounded(starts: Iterator[Value]) -> list[Value]:
    """All starts. A hostile file has more than fit into memory."""
    listed = list(islice(starts, _MAX_TRACKS + 1))
    if len(listed) > _MAX_TRACKS:
        raise UnreadableFileError(f"it has more than {_MAX_TRACKS:,} activities or tracks")
    return listed
