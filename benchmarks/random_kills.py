"""Kills commands at random moments, a thousand times; after a few kills one sync must succeed unaided.

    python -m benchmarks.random_kills [--kills 1000] [--seed 1]

Each round edits the athlete's history at Strava, starts one command after another and kills a random process
of each at a random moment, and then lets one `sync --full` end. After it no run may be open and no pool held,
and the table must hold exactly what Strava shows. Every tenth round `verify` compares the table with its
rebuild as well. The first round that ends otherwise stops everything with exit status 1; its seed repeats the
same commands and moments.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from strava_assets.sandbox import REFRESH_TOKEN, serve
from strava_assets_tests.archive.exports import exported_ride, write_export
from strava_assets_tests.chain import ATHLETE, riding
from strava_assets_tests.cli.started import processes_in, running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses
from strava_assets_tests.execution.killing import held_pools, runs_by_status, until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strava_assets.sandbox import RunningSandbox, Sandbox
    from strava_assets_tests.cli.started import Up

COMMANDS = (
    ("sync",),
    ("sync", "--full"),
    ("rebuild",),
    ("report",),
    ("verify",),
    ("import-archive", "export"),
    ("doctor", "--fix", "--deep"),
    ("forget", "--yes"),
    ("up", "--no-ui", "--once"),
    ("up",),
)
KILLS_A_ROUND = 4
VERIFY_EVERY = 10
OPEN = {"NOT_STARTED", "STARTING", "STARTED", "CANCELING", "QUEUED"}


@dataclass
class Rounds:
    """The rounds in one home.

    Args:
        folder: The working directory of the commands.
        server: Their Strava.
        chance: The generator of all random choices.
    """

    folder: Path
    server: RunningSandbox
    chance: random.Random
    usual_s: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def play(self) -> None:
        """One round.

        Raises:
            AssertionError: The sync after the kills failed, or its result is wrong.
        """
        edit_history(self.server.sandbox, self.chance)
        for _ in range(self.chance.randint(1, 2 * KILLS_A_ROUND - 1)):
            self._kill(self.chance.choice(COMMANDS))
        # `forget` revokes the token; the athlete authorizes the application again.
        self.server.sandbox.tokens.valid_refresh_token = REFRESH_TOKEN
        began = time.monotonic()
        with self._running("sync", "--full") as sync:
            assert sync.wait() == 0, sync.out
        self.usual_s["sync"] = time.monotonic() - began
        assert_whole(self.folder, self.server.sandbox)

    def verify(self) -> None:
        """Compare the table with its rebuild, and every file with its digest."""
        with self._running("verify") as verifying:
            assert verifying.wait() == 0, verifying.out

    def _kill(self, line: tuple[str, ...]) -> None:
        """Start a command and kill a random one of its processes at a random moment."""
        with self._running(*line) as doomed:
            time.sleep(self.chance.uniform(0, 1.2 * self.usual_s.get("sync", 10)))
            children = descendants(doomed.process.pid)
            victim = self.chance.choice([doomed.process.pid, *children])
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            self.kills[line[0] if doomed.process.poll() is None else f"{line[0]}, ended before"] += 1
            doomed.process.kill()
        # The child processes of the command end by themselves.
        until(lambda: not processes_in(self.folder), "the end of what was killed")

    def _running(self, command: str, *options: str) -> AbstractContextManager[Up]:
        return running_command(
            self.folder, *options, command=command, **CREDENTIALS, **addresses(self.server)
        )


def edit_history(sandbox: Sandbox, chance: random.Random) -> None:
    """Add, rename and delete an activity, as an athlete does between two syncs."""
    sandbox.history.add(name=f"Ride {chance.random():.6f}")
    activity_ids = [record["id"] for record in sandbox.history.records()]
    sandbox.history.edit(chance.choice(activity_ids), name=f"Renamed {chance.random():.6f}")
    sandbox.history.delete(chance.choice(activity_ids))


def assert_whole(folder: Path, sandbox: Sandbox) -> None:
    """No run is open, no pool is held, and the table has the activities of Strava, each once."""
    home = folder / "data"
    assert held_pools(home) == []
    assert not OPEN & set(runs_by_status(home))
    query = (
        "SELECT activity_id, name FROM bq_activities WHERE deleted_at IS NULL AND source = 'api' ORDER BY ALL"
    )
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(query).fetchall()
        [(doubled,)] = connection.execute(
            "SELECT COUNT(*) - COUNT(DISTINCT (athlete_id, activity_id)) FROM bq_activities"
        ).fetchall()
    assert doubled == 0
    assert rows == sorted((str(record["id"]), record["name"]) for record in sandbox.history.records())


def descendants(pid: int) -> list[int]:
    """All descendants of a process, from Linux's /proc."""
    pids = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                pids += [int(child), *descendants(int(child))]
    return pids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments = parser.parse_args()
    sandbox = riding(60)
    sandbox.limits = None
    sandbox.tokens.rotate_refresh_token = False
    with tempfile.TemporaryDirectory() as folder, serve(sandbox) as server:
        rides = [exported_ride(number) for number in range(1, 9)]
        write_export(Path(folder) / "export", rides, athlete=str(ATHLETE))
        rounds = Rounds(Path(folder), server, random.Random(arguments.seed))  # noqa: S311 - repeatable on purpose
        began, number = time.monotonic(), 0
        while rounds.kills.total() < arguments.kills:
            number += 1
            try:
                rounds.play()
                if number % VERIFY_EVERY == 0 or rounds.kills.total() >= arguments.kills:
                    rounds.verify()
            except AssertionError as error:
                print(f"Round {number} of seed {arguments.seed} is wrong:\n{error}")
                sys.exit(1)
            minutes = (time.monotonic() - began) / 60
            print(
                f"round {number}: {rounds.kills.total()} kills in {minutes:.0f} min, nothing lost or doubled",
                flush=True,
            )
    print(json.dumps(dict(rounds.kills.most_common())))


if __name__ == "__main__":
    main()
