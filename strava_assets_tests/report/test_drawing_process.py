"""The process that draws: shared, replaced after a failure, and gone with the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from strava_assets.report import DrawingError
from strava_assets.report.charts import sparkline
from strava_assets.report.drawing_process import _start, draw_charts, stop_drawing
from strava_assets.report.vega import SCRIPT, bundle_script
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from strava_assets.report.vega import Request


def request(name: str = "line") -> Request:
    return {"name": name, "spec": sparkline([1.0, 2.0, None, 3.0], width=2.5), "rows": []}


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_later_charts_are_drawn_by_the_process_of_the_first() -> None:
    [first] = draw_charts([request()])
    process, _ = _start()
    [second] = draw_charts([request()])

    assert _start()[0] is process
    assert first["svg"] == second["svg"]
    assert first["svg"].startswith("<svg ")


def test_a_chart_that_cannot_be_drawn_fails_and_the_next_one_is_drawn() -> None:
    with pytest.raises(DrawingError, match="could not be drawn") as failure:
        draw_charts([{"name": "broken", "spec": {"mark": 7}, "rows": []}])

    assert "Traceback" in str(failure.value.means)
    assert draw_charts([request()])[0]["svg"]


def test_a_process_that_was_killed_is_replaced() -> None:
    draw_charts([request()])
    _start()[0].kill()
    _start()[0].wait()

    with pytest.raises(DrawingError):
        draw_charts([request()])

    assert draw_charts([request()])[0]["svg"]


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_charts([request()])
    process, _ = _start()
    process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr("strava_assets.report.drawing_process.DRAWING_LIMIT_S", 0.2)

    with pytest.raises(DrawingError, match="status -9"):
        draw_charts([request()])


@pytest.mark.deep
def test_the_process_ends_with_the_one_that_started_it_even_if_that_is_killed() -> None:
    code = (
        "import sys, time; from strava_assets.report.drawing_process import _start; "
        "print(_start()[0].pid, flush=True); time.sleep(600)"
    )
    with Child([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    deadline = time.monotonic() + 60
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(pid)


@pytest.mark.deep
def test_it_can_be_stopped_twice() -> None:
    draw_charts([request()])

    stop_drawing()
    stop_drawing()

    assert draw_charts([request()])[0]["svg"]


@pytest.mark.deep
def test_the_script_of_the_page_is_the_one_that_the_installed_engine_makes() -> None:
    assert SCRIPT.read_text(encoding="utf-8") == bundle_script(), "run make generate"
