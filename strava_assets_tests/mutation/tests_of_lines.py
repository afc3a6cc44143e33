"""Which tests reach a line: from a coverage measurement with a context for each test.

The measurement is of one state of the files. Of a file that has changed since, all tests that reach any of
its lines are chosen.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from strava_assets_tests.mutation.mutant import Mutant

MARTS = "strava_assets/marts"
_ORACLE = "marts/test_random_histories.py::test_weeks_and_quarters"
"""What notices most changes of the marts that it computes a second time."""
NOT_BEHAVIOR = (
    "test_plain_words.py",
    "test_contributing.py",
    "test_startup.py",
    "test_definitions.py::test_the_definition_set_is_the_one",
    "power/test_method.py",
    "mutation/",
)
"""Tests that compare the text of the program or what is generated from it: every mutant fails them."""
_OF_COMPILED_MARTS = (
    "marts/test_catalog.py::test_the_compiled_catalog",
    "marts/test_catalog.py::test_loading_needs_no_sql_parser",
)
"""Tests that any change of a mart's SQL fails until it is compiled."""


@dataclass(frozen=True)
class TestsOfLines:
    """The measured map.

    Args:
        tests: The ids of the tests, and how long each takes, in seconds.
        files: For each file, the positions in `tests` by line.
        digests: The digest of each file when it was measured.
    """

    __test__ = False

    tests: list[tuple[str, float]]
    files: dict[str, dict[int, list[int]]]
    digests: dict[str, str]

    def of(self, mutant: Mutant, project: Path) -> list[tuple[str, float]]:
        """The tests that may notice a mutant, with their durations, the likely and quick ones first."""
        if mutant.path.endswith(".sql"):
            chosen: Iterable[int] = self._of_mart(mutant.path, project)
        else:
            lines = self.files.get(mutant.path, {})
            text = (project / mutant.path).read_text(encoding="utf-8")
            reached = {
                number
                for line in range(mutant.line, mutant.last_line + 1)
                for number in lines.get(line, ())
                if self.digests.get(mutant.path) == digest(text) and is_in_function(text, mutant.line)
            }
            chosen = reached or {number for numbers in lines.values() for number in numbers}
            chosen = chosen or self._in_files_that_name(mutant.path, project)
        own = own_folder(mutant.path)
        name = mutant.path.rpartition("/")[2].partition(".")[0]
        return sorted(
            (self.tests[number] for number in chosen if is_behavior(self.tests[number][0], mutant.path)),
            key=lambda test: (
                f"test_{name}." not in test[0],
                _ORACLE not in test[0] or not mutant.path.endswith(".sql"),
                own not in test[0],
                test[1],
            ),
        )

    def _in_files_that_name(self, path: str, project: Path) -> list[int]:
        """The tests of the module's folder and of files that import the module."""
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        files = {
            file.relative_to(project).as_posix()
            for file in (project / "strava_assets_tests").rglob("test_*.py")
            if module in file.read_text(encoding="utf-8")
        }
        own = own_folder(path)
        return [
            number
            for number, (test, _) in enumerate(self.tests)
            if test.startswith(own) or test.partition("::")[0] in files
        ]

    def _of_mart(self, path: str, project: Path) -> list[int]:
        """The tests in files that name the mart or, behind those, a mart that is made of it."""
        names = [path.rpartition("/")[2].removesuffix(".sql")]
        texts = {
            file.stem: file.read_text(encoding="utf-8") for file in sorted((project / MARTS).glob("*.sql"))
        }
        names += [
            name for name, text in texts.items() if re.search(rf"\b{names[0]}\b", text) and name != names[0]
        ]
        folders = ("marts", "checks", "report", "parity")
        rank: dict[str, int] = {}
        for folder in folders:
            for file in (project / "strava_assets_tests" / folder).glob("test_*.py"):
                text = file.read_text(encoding="utf-8")
                ranks = [at for at, name in enumerate(names) if re.search(rf"\b{name}\b", text)]
                if ranks:
                    rank[file.relative_to(project).as_posix()] = ranks[0]
        return [number for number, (test, _) in enumerate(self.tests) if test.partition("::")[0] in rank]


def own_folder(path: str) -> str:
    """The folder of the tests of a file, by convention."""
    return path.removesuffix(path.rpartition("/")[2]).replace("strava_assets/", "strava_assets_tests/", 1)


def is_in_function(text: str, line: int) -> bool:
    """Whether a line is run by calls; any other one is run once, by the test that imports it first."""
    return any(
        node.body[0].lineno <= line <= (node.end_lineno or 0)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def is_behavior(test: str, path: str = "") -> bool:
    """Whether a test runs the program instead of comparing the text of the changed file."""
    textual = NOT_BEHAVIOR + (_OF_COMPILED_MARTS if path.endswith(".sql") else ())
    return not any(part in test for part in textual)


def digest(text: str) -> str:
    """The digest of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def measure(project: Path, folder: Path, targets: Iterable[str]) -> None:
    """Run the tests of a copy of the project with coverage and write the map.

    Args:
        project: The copy.
        folder: Where the map is written.
        targets: Files or folders of tests; the others keep what was measured before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for target in targets:
        name = target.replace("/", ".")
        command = [sys.executable, "-m", "pytest", target, "-p", "no:cacheprovider", "--timeout=120"]
        command += [
            "--cov=strava_assets",
            "--cov-context=test",
            "--cov-report=",
            f"--junitxml={folder / name}.xml",
        ]
        environment = {"COVERAGE_FILE": str(folder / f"{name}.coverage"), "PYTHONPATH": str(project)}
        subprocess.run(command, cwd=project, env=os.environ | environment, check=False)  # noqa: S603 - our own tests
    write_map(project, folder)


def write_map(project: Path, folder: Path) -> None:
    """Write the map of all measurements in a folder."""
    from coverage import CoverageData

    durations: dict[str, float] = {}
    for report in sorted(folder.glob("*.xml")):
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it
            if not list(case):
                durations[_test_id(case.attrib, project)] = float(case.attrib["time"])
    numbers = {test: number for number, test in enumerate(durations)}
    files: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for database in sorted(folder.glob("*.coverage")):
        data = CoverageData(str(database))
        data.read()
        for path in data.measured_files():
            name = path[path.index("strava_assets/") :]
            for line, contexts in data.contexts_by_lineno(path).items():
                tests = {context.rpartition("|")[0] for context in contexts if context}
                files[name][line] |= {numbers[test] for test in tests if test in numbers}
    document: dict[str, Any] = {
        "tests": list(durations.items()),
        "files": {name: {line: sorted(of) for line, of in lines.items()} for name, lines in files.items()},
        "digests": {name: digest((project / name).read_text(encoding="utf-8")) for name in files},
    }
    (folder / "map.json").write_text(json.dumps(document), encoding="utf-8")


def read_map(folder: Path) -> TestsOfLines:
    """The map that `write_map` wrote."""
    document = json.loads((folder / "map.json").read_text(encoding="utf-8"))
    return TestsOfLines(
        tests=[(test, seconds) for test, seconds in document["tests"]],
        files={
            name: {int(line): numbers for line, numbers in lines.items()}
            for name, lines in document["files"].items()
        },
        digests=document["digests"],
    )


def _test_id(case: dict[str, str], project: Path) -> str:
    """A test's id from the names in pytest's report."""
    parts = case["classname"].split(".")
    for count in range(len(parts), 0, -1):
        path = "/".join(parts[:count]) + ".py"
        if (project / path).is_file():
            return "::".join([path, *parts[count:], case["name"]])
    return case["name"]
