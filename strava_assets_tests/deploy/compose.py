"""The compose file's services as plain processes: the same programs, arguments and settings, no container."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVER = Path(__file__).parents[2] / "deploy" / "server"
LIMIT_S = 600
"""Far longer than any step takes. Reaching it is a failure that shows the output of the processes."""


def services() -> dict[str, Any]:
    """The compose file's services."""
    with (SERVER / "compose.yaml").open() as file:
        by_name: dict[str, Any] = yaml.safe_load(file)["services"]
    return by_name


@dataclass
class Processes:
    """Running services.

    Args:
        folder: The folder for their output.
        replaced: Words of the compose file and their replacements here.
        environment: Variables that come from .env or from the container's network.
    """

    folder: Path
    replaced: Mapping[str, str]
    environment: Mapping[str, str]

    def __post_init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, **more: str) -> None:
        """Start a service.

        Args:
            name: as in the compose file.
            more: its .env.
        """
        service = services()[name]
        program, *arguments = [
            self.replaced.get(word, word) for word in service["entrypoint"] + service["command"]
        ]
        given = {key: without_env_file(value) for key, value in service["environment"].items()}
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        with self._log(name).open("wb") as output:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own command lines
                [str(Path(sys.executable).parent / program), *arguments],
                env={**inherited, **given, **self.environment, **more},
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Dagster copies an ignored SIGINT, as background jobs inherit it, to SIGTERM.
                preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no threads are held here that could deadlock
            )

    def output(self, name: str) -> str:
        """A service's output so far."""
        return self._log(name).read_text(errors="replace")

    def wait(self, what: str, until: Any) -> Any:
        """Wait until a question has an answer; fail with the output if it takes long or a service ends."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if answer := until():
                return answer
            ended = [name for name, process in self.running.items() if process.poll() is not None]
            assert not ended, f"{ended} ended while waiting for {what}:\n{self.output(ended[0])}"
            threading.Event().wait(0.2)
        raise AssertionError(
            f"no {what} in {LIMIT_S} s:\n" + "\n".join(self.output(name) for name in self.running)
        )

    def terminate(self) -> dict[str, int]:
        """End them as `docker compose stop` does; their exit statuses."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(LIMIT_S) for name, process in self.running.items()}

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def processes(
    folder: Path, replaced: Mapping[str, str], environment: Mapping[str, str]
) -> Iterator[Processes]:
    """Services, none of which outlives the block."""
    started = Processes(folder, replaced, environment)
    try:
        yield started
    finally:
        for process in started.running.values():
            if process.poll() is None:
                # The whole session: a code server's children too.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class GraphQL:
    """The webserver's API.

    Args:
        address: the webserver's.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def answers(self) -> bool:
        """Whether the webserver is there."""
        try:
            return requests.get(f"{self.address}/server_info", timeout=5).ok
        except requests.RequestException:
            return False

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One query's data."""
        answer = requests.post(
            f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=60
        ).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


def without_env_file(value: str) -> str:
    """A value of the compose file where .env is empty: the default behind `:-`, if there is one."""
    variable = re.fullmatch(r"\$\{\w+(?::-(?P<default>.*)|:\?.*)?\}", value)
    return value if variable is None else variable["default"] or ""


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
