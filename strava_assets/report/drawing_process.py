"""One process that draws all charts of a run.

Drawing brings a JavaScript engine along: a second to start, and a hundred megabytes that a process keeps
until it ends. So the first chart starts a process, later ones use it, and it ends with the process that
started it, however that ends. `vega` is what runs inside.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import tempfile
from functools import cache
from threading import Timer
from typing import IO, TYPE_CHECKING

from strava_assets.child_environment import child_environment
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.report.vega import Drawing, Request

# Twenty years are drawn within seconds; a process that takes longer than this hangs.
DRAWING_LIMIT_S = 300


class DrawingError(StravaAssetsError):
    """The process that draws charts ended without an answer."""


def draw_charts(requests: Sequence[Request]) -> list[Drawing]:
    """Draw charts, in order.

    Raises:
        DrawingError: the process that draws has ended or took too long; the next call starts another.
    """
    process, errors = _start()
    limit = Timer(DRAWING_LIMIT_S, process.kill)
    limit.start()
    try:
        process.stdin.write(json.dumps(requests) + "\n")  # type: ignore[union-attr] # it is a pipe
        process.stdin.flush()  # type: ignore[union-attr]
        answer = process.stdout.readline()  # type: ignore[union-attr]
    except BrokenPipeError:
        answer = ""
    finally:
        limit.cancel()
    if answer:
        drawings: list[Drawing] = json.loads(answer)
        return drawings
    process.kill()
    process.wait()
    errors.seek(0)
    text = errors.read()[-2000:]
    stop_drawing()
    raise DrawingError(
        f"The charts could not be drawn (status {process.returncode}).",
        means=text,
        remedy="The marts are not affected. If memory was short, free some and launch the job report.",
    )


@cache
def _start() -> tuple[subprocess.Popen[str], IO[str]]:
    errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - open as long as the process runs
    process = subprocess.Popen(
        [sys.executable, "-c", "from strava_assets.report.vega import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        env=child_environment(),
    )
    return process, errors


@atexit.register
def stop_drawing() -> None:
    """End the process, if there is one. It ends as well when ours is killed, because its input ends then."""
    if _start.cache_info().currsize:
        process, errors = _start()
        _start.cache_clear()
        process.communicate()
        errors.close()
