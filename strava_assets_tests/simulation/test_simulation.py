"""The simulator: a few days of fixed seeds, its controls, and a failing seed repeated and made short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.history import loader
from strava_assets.landing import Landing
from strava_assets_tests.simulation.__main__ import main
from strava_assets_tests.simulation.run import FailedStepError, run_steps
from strava_assets_tests.simulation.shrink import shrink
from strava_assets_tests.simulation.steps import OFTEN, draw_steps, read_steps, write_steps

if TYPE_CHECKING:
    from pathlib import Path


def test_some_days_of_two_athletes_hold() -> None:
    seen = run_steps(draw_steps(1, 6, 2), 2, 1).seen
    assert seen["days compared"] == 6
    assert seen["edit"] > 20
    assert seen["batches"] > 6


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_two_months_of_four_athletes_hold(seed: int) -> None:
    seen = run_steps(draw_steps(seed, 60, 4), 4, seed).seen
    assert seen["days compared"] == 60
    assert seen["rebuilds compared"] >= 2
    assert seen["kill"] + seen["power cut"] > 3
    assert seen["forget"] + seen["expire"] + seen["compact"] > 3


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 51])
def test_accidents_upon_accidents_hold(seed: int) -> None:
    seen = run_steps(draw_steps(seed, 16, 2, OFTEN), 2, seed, OFTEN).seen
    assert seen["kill"] + seen["power cut"] > 5
    assert seen["forget"] > 3


@pytest.mark.deep
def test_a_seed_is_repeated_exactly() -> None:
    steps = draw_steps(5, 3, 1)
    assert steps == draw_steps(5, 3, 1) != draw_steps(6, 3, 1)
    assert run_steps(steps, 1, 5).seen == run_steps(steps, 1, 5).seen


def test_steps_are_kept_in_a_file(tmp_path: Path) -> None:
    steps = draw_steps(5, 3, 2)
    write_steps(tmp_path / "steps.jsonl", steps)
    assert read_steps(tmp_path / "steps.jsonl") == steps


@pytest.mark.deep
def test_a_load_that_prefers_older_records_fails_and_is_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_WINS", loader._WINS.replace("S.fetched_at > T", "S.fetched_at < T"))
    steps = draw_steps(1, 6, 1)
    with pytest.raises(FailedStepError) as failure:
        run_steps(steps, 1, 1)
    shorter = shrink(steps, failure.value, lambda each: run_steps(each, 1, 1))
    assert len(shorter) < len(steps) // 2
    with pytest.raises(FailedStepError):
        run_steps(shorter, 1, 1)


def test_a_landing_that_forgets_a_page_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Landing.pages

    def without_the_last(self: Landing, manifest: Any) -> Any:
        yield from list(pages(self, manifest))[:-1]

    monkeypatch.setattr(Landing, "pages", without_the_last)
    with pytest.raises(FailedStepError):
        run_steps(draw_steps(1, 3, 1), 1, 1)


def test_a_token_in_a_message_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from strava_assets.strava.client import StravaClient

    send = StravaClient._send

    def talkative(self: Any, kind: str, path: str, query: str, token: str) -> Any:
        self._report(f"The token is {token}.")
        return send(self, kind, path, query, token)

    monkeypatch.setattr(StravaClient, "_send", talkative)
    with pytest.raises(FailedStepError, match="a secret was announced"):
        run_steps(draw_steps(1, 2, 1), 1, 1)


def test_the_command_prints_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "3", "--days", "2", "--athletes", "1"]) == 0
    output = capsys.readouterr().out
    assert "2  athlete-days" in output
    assert "failed: none" in output


def test_the_command_says_how_to_repeat_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_WINS", "FALSE")
    assert main(["--seed", "1", "--days", "6", "--athletes", "1"]) == 1
    output = capsys.readouterr().out
    assert "--seed 1 --athletes 1 --days 6 --shrink" in output
