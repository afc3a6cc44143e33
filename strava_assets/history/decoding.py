"""Recordings of an export decoded by several processes: an order in, a recording or a reason out.

Decoding is Python's own work, a core a process; what is made of a recording is the caller's.
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
from typing import TYPE_CHECKING

from strava_assets.archive import ArchiveError, Export, UnreadableFileError, read_recording
from strava_assets.archive.file_formats import MOST_BYTES
from strava_assets.streams import UnreadableRecordingError, from_channels

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

# Enough that no process waits for the one that hands out, and few enough that memory stays small.
_AHEAD = 4


@dataclass(frozen=True)
class Order:
    """One recording to decode.

    Args:
        athlete_id: whose.
        activity_id: which.
        file: its name in the export.
        start: when Strava shows the activity to begin, aware UTC; None where that could not be read.
        elapsed_s: how long it lasts there.
    """

    athlete_id: str
    activity_id: str
    file: str
    start: datetime | None
    elapsed_s: int | None


@dataclass(frozen=True)
class Decoded:
    """What came of one order.

    Args:
        order: what was asked for.
        recording: the samples; None where there is a reason instead.
        began: when the recording begins, aware UTC.
        utc_offset_s: what the device's clock was ahead of UTC.
        timezone: the zone of the first position.
        reason: why the file could not be used.
    """

    order: Order
    recording: pa.Table | None = None
    began: datetime | None = None
    utc_offset_s: int | None = None
    timezone: str | None = None
    reason: str | None = None


def decode(export: Export, orders: Sequence[Order], processes: int) -> Generator[Decoded, None, None]:
    """Decode recordings, in the order they are asked for.

    Args:
        export: where they are.
        orders: which.
        processes: how many work at once; one is this very process.

    Raises:
        ArchiveError: a process ended, as by a lack of memory; what was yielded before is sound.
    """
    if processes <= 1 or len(orders) <= 1:
        yield from (decoded(export, order) for order in orders)
    else:
        yield from _by_processes(export, orders, processes)


def decoded(export: Export, order: Order) -> Decoded:
    """One recording, whole and sound, or the reason why not."""
    try:
        recorded = read_recording(export.read(order.file, MOST_BYTES))
        if order.start:
            recorded = recorded.cropped_to(order.start, order.elapsed_s)
        recording = from_channels(order.athlete_id, order.activity_id, recorded.channels)
    except (UnreadableFileError, UnreadableRecordingError) as reason:
        return Decoded(order, reason=str(reason))
    return Decoded(order, recording, recorded.start, recorded.utc_offset_s, recorded.timezone)


def _by_processes(export: Export, orders: Sequence[Order], processes: int) -> Generator[Decoded, None, None]:
    waiting: deque[Future[Decoded]] = deque()
    still = iter(orders)
    pool = ProcessPoolExecutor(
        processes,
        # A fork of a process with threads may stand still for ever.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(export.path.absolute(),),
    )
    try:
        while True:
            for order in islice(still, processes * _AHEAD - len(waiting)):
                waiting.append(pool.submit(_work, order))
            if not waiting:
                return
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise ArchiveError(
            "A process that decodes recordings ended unexpectedly.",
            means="Memory may have run short. What was decoded before is kept.",
            remedy="start the import again: it goes on from there, and takes less memory with --processes 1.",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_opened: list[Export] = []


def _begin(path: Path) -> None:
    """A worker's first act: open the export for itself, and end when whoever asked is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asked
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
    _opened.append(Export(path))


def _work(order: Order) -> Decoded:
    return decoded(_opened[0], order)
