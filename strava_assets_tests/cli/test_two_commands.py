"""Two commands started together on one home: both end with a result or a sentence, and nothing breaks.

`STRAVA_ASSETS_TEST_ALL_PAIRS=1` tries every pair; otherwise those that touch each other most.
"""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import contextmanager
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets.execution.home_use import HomeInUseError, alone_in_home, use_home
from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.archive.exports import exported_ride, write_export
from strava_assets_tests.cli.started import Up, running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses
from strava_assets_tests.execution.killing import held_pools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = {
    "sync": [],
    "import": ["export_4711"],
    "report": [],
    "load": [],
    "rebuild": [],
    "forget": ["--yes"],
    "doctor": [],
    "verify": [],
    "up": [],
}
PAIRS = (
    list(combinations_with_replacement(COMMANDS, 2))
    if os.environ.get("STRAVA_ASSETS_TEST_ALL_PAIRS")
    else [("sync", "import"), ("sync", "forget")]
)


def ended(command: Up, name: str) -> int:
    """Wait for the end of a command; `up` is stopped as soon as it serves."""
    assert command.process.stdout
    for line in command.process.stdout:
        command.lines.append(line)
        if name == "up" and "Ctrl-C stops everything" in line:
            command.process.send_signal(signal.SIGINT)
    return command.process.wait()


@contextmanager
def strava() -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """Twelve rides at an address, and the variables of a platform that syncs with it."""
    sandbox = Sandbox.many(12)
    sandbox.limits = None
    # The token of the home is then valid at each of them.
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server:
        yield sandbox, CREDENTIALS | addresses(server) | {"STRAVA_ASSETS_STREAMS": "none"}


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("up")
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_both_end_and_the_next_sync_and_verify_agree(
    tmp_path: Path, synced_home: Path, first: str, second: str
) -> None:
    shutil.copytree(synced_home, tmp_path / "data")
    write_export(tmp_path / "export_4711", [exported_ride(number) for number in range(1, 6)])
    with (
        strava() as (_, environ),
        running_command(tmp_path, *COMMANDS[first], command=first, **environ) as one,
        running_command(tmp_path, *COMMANDS[second], command=second, **environ) as other,
    ):
        # The one that is stopped by hand comes last: the other may be waiting for it.
        named = sorted([(one, first), (other, second)], key=lambda command: command[1] == "up")
        statuses = [ended(command, name) for command, name in named]
    for (command, name), status in zip(named, statuses, strict=True):
        assert "Traceback" not in command.out, command.out
        assert status == 0 or "What to do:" in command.out or name == "up", command.out

    # After forget has revoked the token it is another Strava that has never heard of that.
    with strava() as (sandbox, environ), running_command(tmp_path, command="sync", **environ) as sync:
        assert sync.wait() == 0, sync.out
    with running_command(tmp_path, command="verify") as verify:
        assert verify.wait() == 0, verify.out
    assert held_pools(tmp_path / "data") == []
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT activity_id FROM bq_activities WHERE source = 'api' ORDER BY activity_id"
        ).fetchall()
    assert [row[0] for row in rows] == sorted(str(record["id"]) for record in sandbox.history.records())


def test_many_may_use_a_home_but_only_one_may_be_alone_in_it(tmp_path: Path) -> None:
    with alone_in_home(tmp_path), pytest.raises(HomeInUseError, match="is removing"):
        use_home(tmp_path)
    use_home(tmp_path)
    use_home(tmp_path)
    with pytest.raises(HomeInUseError, match="Another command is at work"), alone_in_home(tmp_path):
        pytest.fail("it was not alone")
