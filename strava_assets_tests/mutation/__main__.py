"""The command: `python -m strava_assets_tests.mutation --sample 100 --seed 1`."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strava_assets_tests.mutation import equivalents, python_rules, sql_rules, tests_of_lines, trial
from strava_assets_tests.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / ".mutation"
_TEST_TIME_S = 60.0
_FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 1 if a mutant survived that is not known to be equivalent, else 0."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        project = trial.copy_project(CHECKOUT, Path(scratch).resolve())
        if options.measure is not None:
            tests_of_lines.measure(project, FOLDER, options.measure or _test_folders())
            return 0
        if not (FOLDER / "map.json").exists():
            sys.exit("The tests of each line are not measured yet. Run with --measure first (some minutes).")
        measured = tests_of_lines.read_map(FOLDER)
        sample = choose(list(every_mutant(CHECKOUT, options.modules)), options)
        trial.import_shared()
        return _try_all(sample, project, measured, options)


def every_mutant(checkout: Path, modules: Sequence[str] = ()) -> Iterator[Mutant]:
    """Every mutant of the package, or of the files whose path starts with one of `modules`."""
    for path in sorted((checkout / "strava_assets").rglob("*")):
        name = path.relative_to(checkout).as_posix()
        if path.suffix not in (".py", ".sql") or (modules and not name.startswith(tuple(modules))):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            yield from python_rules.mutants(name, text)
        else:
            for change in sql_rules.changes(text):
                line, last = (text.count("\n", 0, at) + 1 for at in (change.start, change.end))
                rule = f"SQL {change.rule}"
                yield Mutant(name, change.start, change.end, change.replacement, rule, line, last)


def choose(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    """The sample: all mutants that match, or as many of them as asked for, the same ones for a seed."""
    if options.line:
        mutants = [mutant for mutant in mutants if f"{mutant.path}:{mutant.line}" in options.line]
    if not options.sample or options.sample >= len(mutants):
        return mutants
    return random.Random(options.seed).sample(mutants, options.sample)  # noqa: S311 - a sample, not a secret


def _try_all(
    sample: list[Mutant], project: Path, measured: tests_of_lines.TestsOfLines, options: argparse.Namespace
) -> int:
    entries = equivalents.read()
    results = Results(options.results)
    began = time.monotonic()
    for number, mutant in enumerate(sample, 1):
        text = (CHECKOUT / mutant.path).read_text(encoding="utf-8")
        before, after = mutant.lines(text)
        if equivalents.reason(entries, mutant, text):
            results.equivalent += 1
            continue
        verdict = results.earlier(mutant, before, after)
        if not verdict:
            tests = _within(results.killers_first(mutant, measured.of(mutant, CHECKOUT)), options.seconds)
            tried = trial.try_mutant(mutant, project, tests)
            results.add(mutant, tried, before, after)
            verdict = tried.verdict
            print(  # noqa: T201 - the command's progress
                f"{number}/{len(sample)} {verdict} {mutant.path}:{mutant.line} [{mutant.rule}] "
                f"{len(tests)} tests {tried.seconds:.1f} s",
                flush=True,
            )
        survives = verdict in ("survived", "unreached")
        results.killed += not survives
        if survives:
            results.survivors.append(
                f"{mutant.path}:{mutant.line} {verdict} [{mutant.rule}]\n  - {before}\n  + {after}"
            )
            print(f"  - {before}\n  + {after}", flush=True)  # noqa: T201
    print(f"{results.summary()}, seed {options.seed}, {time.monotonic() - began:.0f} s.")  # noqa: T201
    print("\n".join(results.survivors))  # noqa: T201
    return int(bool(results.survivors))


class Results:
    """What became of the mutants so far; kept in a file, so that a run that was stopped goes on where it was.

    Attributes:
        killed: How many mutants a test noticed.
        equivalent: How many are known to change nothing.
        survivors: The others, each as text.
    """

    def __init__(self, path: Path | None) -> None:
        self.killed = self.equivalent = 0
        self.survivors: list[str] = []
        self._path = path
        self._rows: list[dict[str, Any]] = []
        if path and path.exists():
            self._rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def earlier(self, mutant: Mutant, before: str, after: str) -> str:
        """The verdict of an earlier run; empty for none, and for a survivor, which a new test may kill."""
        key = (mutant.path, before, after)
        for row in self._rows:
            if (row["path"], row["before"], row["after"]) == key and row["verdict"] in ("killed", "hung"):
                return str(row["verdict"])
        return ""

    def add(self, mutant: Mutant, result: trial.Trial, before: str, after: str) -> None:
        """Write down a result."""
        row: dict[str, Any] = vars(mutant) | {"verdict": result.verdict, "seconds": round(result.seconds, 1)}
        row |= {"before": before, "after": after, "output": result.output[-1500:]}
        self._rows.append(row)
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def killers_first(self, mutant: Mutant, tests: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """The same tests; those first that noticed a mutant of this file, then one of its folder."""
        folder = mutant.path.rpartition("/")[0]
        rank: dict[str, int] = {}
        for row in self._rows:
            for test in _FAILED.findall(row["output"]):
                if row["path"] == mutant.path:
                    rank[test] = -2
                elif row["path"].rpartition("/")[0] == folder:
                    rank[test] = min(rank.get(test, 0), -1)
        return sorted(tests, key=lambda test: rank.get(test[0], 0))

    def summary(self) -> str:
        """The counts, as the start of a sentence."""
        judged = self.killed + len(self.survivors)
        share = 100 * self.killed / judged if judged else 100.0
        return (
            f"{self.killed} of {judged} mutants killed ({share:.1f} %), "
            f"{self.equivalent} known to be equivalent"
        )


def _within(tests: list[tuple[str, float]], seconds: float) -> list[tuple[str, float]]:
    """The first tests that together take no longer than this; at least one."""
    chosen: list[tuple[str, float]] = []
    total = 0.0
    for test in tests:
        total += test[1]
        if chosen and total > seconds:
            continue
        chosen.append(test)
    return chosen


def _test_folders() -> list[str]:
    """The tests, folder by folder; the measurement of one folder is one run of pytest."""
    tests = CHECKOUT / "strava_assets_tests"
    folders = {path.parent for path in tests.rglob("test_*.py")} - {tests}
    files = [path for path in tests.glob("test_*.py") if tests_of_lines.is_behavior(path.name)]
    return [path.relative_to(CHECKOUT).as_posix() for path in (*sorted(folders), *sorted(files))]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m strava_assets_tests.mutation",
        description="Change one thing in a copy of the package and see whether a test fails.",
    )
    parser.add_argument("--sample", type=int, default=0, help="how many mutants; all of them without it")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same mutants")
    parser.add_argument("--modules", nargs="*", default=[], help="only files whose path starts so")
    parser.add_argument("--line", nargs="*", default=[], help="only mutants at these places: path:line")
    parser.add_argument(
        "--seconds", type=float, default=_TEST_TIME_S, help="time of the tests chosen for a mutant, at most"
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="a file of results as JSON; a stopped run goes on with it",
    )
    parser.add_argument(
        "--measure", nargs="*", metavar="TESTS", help="measure which tests reach which lines, and end"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
