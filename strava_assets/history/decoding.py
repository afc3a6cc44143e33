"""Decodes the recordings of an export in several processes: a task in, a recording or a reason out.

Decoding holds Python's lock, so each process uses one core.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from strava_assets.archive import (
    ArchiveError,
    FileIdentity,
    FilesToImport,
    NoSamplesError,
    RecordedPower,
    UnreadableFileError,
    decompress,
    file_activity_id,
    read_recording,
    record_of_recording,
    refuse_other_files,
    refuse_undated,
)
from strava_assets.archive.file_formats import MAX_BYTES
from strava_assets.power.quality import quality_of
from strava_assets.power.seconds import lay_out
from strava_assets.power.xpower import xpower_w
from strava_assets.streams import UnreadableRecordingError, from_channels

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from strava_assets.archive import Part
    from strava_assets.streams import Status

# Submitted tasks per process: no process waits for new tasks, and memory stays small.
_QUEUED_A_PROCESS = 4


@dataclass(frozen=True)
class DecodingTask:
    """One recording to decode.

    Args:
        athlete_id: the athlete.
        activity_id: the activity.
        file: the name of its file in the export.
        start: start of the activity on Strava, aware UTC; None if it could not be read.
        elapsed_s: elapsed time of the activity on Strava.
        home: the athlete's time zone, for a file that no export describes; its activity is made of it.
        part: which part of the file is the activity; None if the whole.
        name: what the activity of a file that no export describes is called in reports.
    """

    athlete_id: str
    activity_id: str
    file: str
    start: datetime | None
    elapsed_s: int | None
    home: str | None = None
    part: Part | None = None
    name: str = ""


@dataclass(frozen=True)
class Decoded:
    """The result of one task.

    Args:
        task: the task.
        recording: the samples; None if the file was rejected.
        began: start of the recording, aware UTC.
        utc_offset_s: UTC offset of the device's clock.
        timezone: the time zone of the first position.
        status: stored: it has samples; none: the file is sound and has none; unreadable: it was rejected.
        reason: why there are no samples.
        notes: what was repaired or dropped, a sentence each.
        record: the activity in the API's format, for a task with `home`.
    """

    task: DecodingTask
    recording: pa.Table | None = None
    began: datetime | None = None
    utc_offset_s: int | None = None
    timezone: str | None = None
    status: Status = "stored"
    reason: str | None = None
    notes: tuple[str, ...] = ()
    record: dict[str, Any] | None = None


def decode(
    export: FilesToImport, tasks: Sequence[DecodingTask], processes: int
) -> Generator[Decoded, None, None]:
    """Decode recordings in the given order; with one process, in this one.

    Raises:
        ArchiveError: a process ended, for example for lack of memory; earlier results are valid.
    """
    if processes <= 1 or len(tasks) <= 1:
        yield from (_decode_one(export, task) for task in tasks)
    else:
        yield from _decode_in_subprocesses(export, tasks, processes)


def _decode_one(export: FilesToImport, task: DecodingTask) -> Decoded:
    """Decode one recording; the result has the reason if the file is rejected."""
    try:
        content = decompress(export.read(task.file, MAX_BYTES), MAX_BYTES)
        if task.part:
            content = task.part.cut_from(content)
        if task.home:
            _refuse_changed(content, task)
            refuse_other_files(content)
        recorded = read_recording(content)
        if task.home:
            refuse_undated(recorded)
        if task.start:
            recorded = recorded.cropped_to(task.start, task.elapsed_s)
        recording = from_channels(task.athlete_id, task.activity_id, recorded.channels)
    except NoSamplesError as reason:
        return Decoded(task, status="none", reason=str(reason))
    except (UnreadableFileError, UnreadableRecordingError) as reason:
        return Decoded(task, status="unreadable", reason=str(reason))
    record = None
    if task.home:
        identity = FileIdentity(task.activity_id, task.athlete_id, task.file, task.home)
        record = record_of_recording(content, recorded, identity, _recorded_power(recorded.channels))
    return Decoded(
        task,
        recording,
        recorded.start,
        recorded.utc_offset_s,
        recorded.timezone,
        notes=recorded.notes,
        record=record,
    )


def _refuse_changed(content: bytes, task: DecodingTask) -> None:
    """Refuse content that would be stored under the id of another, and be imported again under its own."""
    if file_activity_id(content) != task.activity_id:
        raise UnreadableFileError("it was changed during the import; import it again")


def _recorded_power(channels: Mapping[str, Any]) -> RecordedPower | None:
    if "watts" not in channels:
        return None
    seconds = lay_out(channels["t_s"].astype("int64"), channels["watts"])
    weighted_w = xpower_w(seconds.watts) if quality_of(seconds) == "good" else None
    return None if weighted_w is None else RecordedPower(weighted_w, seconds.recorded_s)


def _decode_in_subprocesses(
    export: FilesToImport, tasks: Sequence[DecodingTask], processes: int
) -> Generator[Decoded, None, None]:
    submitted: deque[Future[Decoded]] = deque()
    remaining = iter(tasks)
    pool = ProcessPoolExecutor(
        processes,
        # A fork of a process with threads can deadlock.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(type(export), export.path.absolute()),
    )
    try:
        while True:
            for task in islice(remaining, processes * _QUEUED_A_PROCESS - len(submitted)):
                submitted.append(pool.submit(_decode_in_worker, task))
            if not submitted:
                return
            yield submitted.popleft().result()
    except BrokenProcessPool as error:
        raise ArchiveError(
            "A process that decodes recordings ended unexpectedly.",
            means="It may have run out of memory. Recordings decoded before are kept.",
            remedy="Start the import again: it continues there. With --processes 1 it needs less memory.",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_opened: list[FilesToImport | ArchiveError] = []


def _start_worker(kind: type[FilesToImport], path: Path) -> None:
    """Open the export in this worker, and end the worker when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    parent = multiprocessing.parent_process()
    if parent is not None:

        def exit_with_parent() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=exit_with_parent, daemon=True).start()
    try:
        _opened.append(kind(path))
    except ArchiveError as error:  # the folder vanished
        _opened.append(error)


def _decode_in_worker(task: DecodingTask) -> Decoded:
    [opened] = _opened
    if isinstance(opened, ArchiveError):
        return Decoded(task, status="unreadable", reason=opened.happened)
    return _decode_one(opened, task)
