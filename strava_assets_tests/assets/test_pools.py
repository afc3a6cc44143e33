"""Two runs at once, in processes of their own: they take turns at Strava."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.cli.instance import prepare
from strava_assets.sandbox import Call, Sandbox
from strava_assets_tests.chain import Chain, chain, riding

if TYPE_CHECKING:
    from starlette.requests import Request

LISTED = "/athlete/activities"
PATIENCE_S = 120

ONE_SYNC = """
import dagster as dg
from strava_assets.cli.instance import prepare
from strava_assets.definitions import build_defs
from strava_assets.settings_reader import load_settings
settings = load_settings(env_file=None)
prepare(settings)
job = dg.define_asset_job("one_sync", selection=dg.AssetSelection.assets("raw_activities"))
merged = dg.Definitions.merge(build_defs(settings), dg.Definitions(jobs=[job]))
with dg.DagsterInstance.get() as instance:
    merged.resolve_job_def("one_sync").execute_in_process(instance=instance)
"""


class Gated(Sandbox):
    """Answers the second call of the list only when it is let to."""

    def __init__(self, like: Sandbox) -> None:
        super().__init__(like.history.records(), athlete=like.athlete, page_size_limit=20)
        self.held = threading.Event()
        self.go_on = threading.Event()

    def log_request(self, request: Request) -> None:
        super().log_request(request)
        if self.calls(LISTED) == 2:
            self.held.set()
            self.go_on.wait(PATIENCE_S)


def one_sync(platform: Chain) -> subprocess.Popen[str]:
    settings = platform.settings()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STRAVA")}
    return subprocess.Popen(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-c", ONE_SYNC],
        env=environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "STRAVA_ASSETS_HOME": str(settings.home),
            "STRAVA_API_BASE_URL": settings.api_base_url,
            "STRAVA_OAUTH_BASE_URL": settings.oauth_base_url,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def waits_for_its_turn(instance: dg.DagsterInstance) -> bool:
    """Whether a step waits for the pool before this test's patience ends; looks again all the while."""
    between_looks = threading.Event()
    for _ in range(PATIENCE_S * 10):
        if instance.event_log_storage.get_concurrency_info(STRAVA_POOL).pending_step_count:
            return True
        between_looks.wait(0.1)
    return False


@pytest.mark.deep
def test_two_runs_never_overlap_on_strava(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards
    sandbox = Gated(riding())
    with chain(tmp_path / "home", sandbox) as platform, ExitStack() as stack:
        prepare(platform.settings())
        instance = stack.enter_context(dg.DagsterInstance.get())
        runs = [stack.enter_context(one_sync(platform))]
        assert sandbox.held.wait(PATIENCE_S)
        runs.append(stack.enter_context(one_sync(platform)))

        waited = waits_for_its_turn(instance)
        sandbox.go_on.set()
        errors = [run.communicate(timeout=PATIENCE_S)[1] for run in runs]

    assert waited
    assert [run.returncode for run in runs] == [0, 0], errors
    listed: list[Call] = [call for call in sandbox.requests if call.path.endswith(LISTED)]
    # The first listed everything; the second began when that was known, and asked for the newest alone.
    assert ["after" in call.query for call in listed] == [False] * 6 + [True] * 2
    assert [call.query["page"] for call in listed] == ["1", "2", "3", "4", "5", "6", "1", "2"]
