"""What the command line prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.console import say

if TYPE_CHECKING:
    import pytest


def test_a_name_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("step", "\x1b]0;title\x07Ride [red]\x1b[2J\u202e")

    output = capsys.readouterr().out
    assert "Ride [red]" in output
    assert not {"\x1b", "\x07", "\u202e"} & set(output)
