"""A login under way in a process of its own, and who answers its consent page."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.cli.terminal import Terminal

PROGRAM = "from strava_assets.cli import main; main()"


@dataclass(frozen=True)
class Login:
    """A login under way in a process of its own, and the address its browser was sent to."""

    process: subprocess.Popen[str]
    address: str

    def ended(self, typed: str = "") -> tuple[int, str]:
        """Its exit status, and what it printed since the address."""
        out, _ = self.process.communicate(typed, timeout=60)
        return self.process.returncode, out


@contextmanager
def logging_in(terminal: Terminal, *options: str, typed: str = "", **environ: str) -> Iterator[Login]:
    """Start a login; the browser it opens is a script that hands the address over."""
    pipe = Path(tempfile.mkdtemp(dir=terminal.folder)) / "address"
    os.mkfifo(pipe)
    browser = pipe.with_name("browser")
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" > {pipe}\n')
    browser.chmod(0o755)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", PROGRAM, "login", *options],
        env=os.environ | terminal.environ | {"BROWSER": f"{browser} %s"} | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(typed)
        process.stdin.flush()
        if "--no-browser" in options:
            printed = iter(process.stdout.readline, "")
            address = next(text.strip() for text in printed if "authorize?" in text)
        else:
            address = pipe.read_text().strip()
        try:
            yield Login(process, address)
        finally:
            process.kill()


def answer(address: str, *ticked: str, decision: str = "authorize", athlete: object = "") -> str:
    """Answer the consent page without a browser, as one of several athletes; the address it redirects to."""
    form = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    form |= {f"scope:{name}": "on" for name in ticked} | {"decision": decision, "athlete": str(athlete)}
    redirect = requests.post(address.partition("?")[0], data=form, timeout=5, allow_redirects=False)
    return redirect.headers["location"]
