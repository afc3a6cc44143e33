"""Every reader of foreign bytes returns or raises one of our errors, soon, in little memory, without secrets.

`pytest --fuzz-seconds 600` tries each reader for that many seconds of computing in place of a quarter;
`STRAVA_ASSETS_TEST_SEED` repeats a run. An input that is a fault is written to `corpus/<reader>/found-…`,
where the next run tries it first: it stays there as the test of its fault.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.depth import FUZZ_S
from strava_assets_tests.fuzzing.mutations import mutated
from strava_assets_tests.fuzzing.targets import OUR_ANSWERS, SECRET, TARGETS, Target, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

CORPUS = Path(__file__).with_name("corpus")
SEED = int(os.environ.get("STRAVA_ASSETS_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
MOST_CPU_S = 10
MOST_MEMORY_KB = 400_000


class TooSlowError(Exception):
    pass


@contextmanager
def bounded_time() -> Iterator[None]:
    """Stop what computes for longer than `MOST_CPU_S`. pytest-timeout has the alarm of the wall clock."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def peak_memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def fault_of(target: Target, content: bytes, folder: Path) -> str:
    """What is wrong with the answer to these bytes; empty where nothing is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before_kb = peak_memory_kb()
    try:
        with bounded_time():
            target.read(content, folder)
    except OUR_ANSWERS as answer:
        if SECRET in f"{answer} {answer!r} {answer.__cause__!r}" and not target.shows(content):
            return f"The message quotes a secret: {answer}"
        if not str(answer).encode():
            return "The message is empty."
    except Exception:  # noqa: BLE001 - any other one is what is looked for
        return traceback.format_exc()
    if peak_memory_kb() - before_kb > MOST_MEMORY_KB:
        return f"It took {(peak_memory_kb() - before_kb) // 1000} MB."
    return ""


def corpus(target: Target) -> list[Path]:
    return sorted((CORPUS / target.name).iterdir())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_was_kept_is_read_or_refused(target: Target, tmp_path: Path) -> None:
    faults = {
        path.name: fault
        for path in corpus(target)
        if (fault := fault_of(target, path.read_bytes(), tmp_path / "home"))
    }
    assert faults == {}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_bytes_come_are_read_or_refused(
    target: Target, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    print(f"STRAVA_ASSETS_TEST_SEED={SEED}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)  # noqa: S311 - damage, not a secret
    starts = [path.read_bytes() for path in corpus(target)]
    until = time.process_time() + float(pytestconfig.getoption(FUZZ_S))
    tried = 0
    while time.process_time() < until:
        content = mutated(chance.choice(starts), starts, chance)
        tried += 1
        if fault := fault_of(target, content, tmp_path / "home"):
            path = CORPUS / target.name / name_of(content)
            path.write_bytes(content)
            pytest.fail(f"Input {tried} is a fault; it is kept as {path}.\n{fault}")
    assert tried


def test_every_reader_has_a_corpus_that_it_can_read(tmp_path: Path) -> None:
    assert {path.name for path in CORPUS.iterdir()} == {target.name for target in TARGETS}
    for target in TARGETS:
        sound = [path for path in corpus(target) if not path.name.startswith(("found-", "damaged-"))]
        assert sound, target.name
        for path in sound:
            shutil.rmtree(tmp_path / "home", ignore_errors=True)
            (tmp_path / "home").mkdir()
            target.read(path.read_bytes(), tmp_path / "home")


def test_a_fault_is_found() -> None:
    """The control: a reader that fails on one of 256 bytes is found out."""

    def read(content: bytes, _folder: Path) -> None:
        if b"\x80" in content:
            raise IndexError

    chance = random.Random(1)  # noqa: S311 - damage, not a secret
    target = Target("control", read)
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"fuzz-{os.getpid()}"  # noqa: S108 - removed below
    try:
        assert any(fault_of(target, mutated(b"abc", [b"abc"], chance), folder) for _ in range(2000))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
