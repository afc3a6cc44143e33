"""Draws the page in a process of its own.

Drawing brings a JavaScript engine along, whose memory a process keeps until it ends; a sync would carry it
from then on.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

from strava_assets.errors import StravaAssetsError
from strava_assets.report.page import build_page

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.report.figures import Figures


# Twenty years are drawn within seconds; beyond this the process hangs.
DRAWING_LIMIT_S = 300


class DrawingFailed(StravaAssetsError):  # noqa: N818 - it says what happened
    """The process that draws ended without a page."""


def draw_apart(
    figures: Figures, *, units: Literal["metric", "imperial"], generated_at: datetime, sample: bool
) -> str:
    """Build the page without keeping the memory that takes.

    Args:
        figures: what is shown.
        units: what it is shown in.
        generated_at: when, aware UTC.
        sample: whether the athlete is the invented one.

    Raises:
        DrawingFailed: the process ended without a page.
    """
    order = pickle.dumps((figures, units, generated_at, sample))
    child = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-c", f"from {__name__} import answer_parent; answer_parent()"],
        input=order,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=DRAWING_LIMIT_S,
        check=False,
    )
    if child.returncode:
        raise DrawingFailed(
            f"The page could not be drawn (status {child.returncode}).",
            means=child.stderr.decode(errors="replace")[-2000:],
            remedy="the marts are as they were; if memory was short, free some and launch the job report.",
        )
    return child.stdout.decode()


def answer_parent() -> None:
    """The child's whole life: read what is asked, draw it, hand it over."""
    figures, units, generated_at, sample = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from our parent
    page = build_page(figures, units=units, generated_at=generated_at, sample=sample)
    sys.stdout.buffer.write(page.encode())
