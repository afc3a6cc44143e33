"""The last line of a command that runs a job says how it ended, and no line is lost."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets_tests.cli.started import running_command
from strava_assets_tests.cli.terminal import CREDENTIALS

if TYPE_CHECKING:
    from strava_assets.sandbox import RunningSandbox
    from strava_assets_tests.cli.terminal import Terminal


@pytest.mark.deep
def test_a_sync_that_succeeds_says_so_last(synced: Terminal, strava: RunningSandbox) -> None:
    result = synced.at(strava).run("sync", **CREDENTIALS)

    assert result.status == 0, result.out
    assert re.fullmatch(r"✓ sync succeeded: \d\d assets materialized\.", result.out.splitlines()[-1])


@pytest.mark.deep
def test_a_sync_that_fails_says_why_once_and_what_it_left(synced: Terminal) -> None:
    result = synced.run("sync", **CREDENTIALS)

    assert result.status == 1
    assert (result.out + result.err).count("The connection failed during") == 4  # three are announced retries
    assert re.fullmatch(
        r"✗ sync failed, see above: 2 assets materialized, \d\d left as they were\.",
        result.out.splitlines()[-1],
    )
    assert "All tables and the page are still good; they are those of 20" in result.out

    # A person reads the last event of a failed run first: it is the message, without a stack.
    with dg.DagsterInstance.from_config(str(synced.home / "dagster")) as instance:
        [run] = instance.get_runs(limit=1)
        [ending] = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    error = ending.get_dagster_event().job_failure_data.error
    assert error
    assert error.message.startswith("The connection failed during GET /athlete/activities.\n")
    assert (list(error.stack), error.cause) == ([], None)


@pytest.mark.deep
def test_lines_do_not_depend_on_the_program_that_mirrors_the_logs(synced: Terminal) -> None:
    """Dagster mirrors captured output with `tail`, which may be ended before it has printed everything."""
    tail = synced.folder / "bin" / "tail"
    tail.parent.mkdir()
    tail.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    tail.chmod(0o755)
    path = f"{tail.parent}:{os.environ['PATH']}"

    with running_command(synced.folder, command="report", PATH=path, **synced.environ) as report:
        assert report.wait() == 0, report.out

    assert "✓ insights_report: done" in report.out
