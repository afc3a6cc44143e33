"""Mutants are changes that can be run, and a trial finds out whether a test notices one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.mutation import equivalents, python_rules, sql_rules, trial
from strava_assets_tests.mutation.__main__ import CHECKOUT, every_mutant
from strava_assets_tests.mutation.mutant import Mutant

if TYPE_CHECKING:
    from pathlib import Path


def python_changes(text: str) -> set[str]:
    return {mutant.changed(text) for mutant in python_rules.mutants("strava_assets/x.py", text)}


def sql_changes(text: str) -> set[str]:
    return {
        text[: change.start] + change.replacement + text[change.end :] for change in sql_rules.changes(text)
    }


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a < b", {"a <= b"}),
        ("a >= b", {"a > b"}),
        ("a is not b", {"a is b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = not (a)", {"x =  (a)"}),
        ("x = a - 1", {"x = a + 1", "x = a - 2"}),
        ("x = 'a' + b", set()),
        ("x: dict[str, 'T'] = min(y)", {"x: dict[str, 'T'] = max(y)"}),
        ("f(a)", {"pass"}),
        ("if a:\n    raise b", {"if not (a):\n    raise b", "if a:\n    pass"}),
        ("@dataclass(frozen=True)\nclass A:\n    '''One.'''", set()),
        ("x = 'one SELECT'", set()),
        (
            "x = 'SELECT a FROM b WHERE c > 1'",
            {"x = 'SELECT a FROM b WHERE c >= 1'", "x = 'SELECT a FROM b WHERE c > 2'"},
        ),
    ],
)
def test_each_rule_changes_one_thing_of_python(text: str, changed: set[str]) -> None:
    assert {change.replace("=  (", "=  (") for change in python_changes(text)} == changed


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a <= @most_watts", {"a < @most_watts"}),
        ("a BETWEEN b AND c AND d", {"a BETWEEN b AND c OR d"}),
        ("COALESCE(a, f(b, c))", {"COALESCE( f(b, c), a)", "COALESCE(f(b, c), a)"}),
        ("IF(a, b, c)", {"IF(a, c, b)"}),
        ("a IS NULL", {"a IS NOT NULL"}),
        ("a IS NOT NULL", {"a IS  NULL"}),
        ("NOT a", {" a"}),
        ("LEFT JOIN t", {"INNER JOIN t"}),
        ("a JOIN t", {"a LEFT JOIN t"}),
        ("CROSS JOIN t", set()),
        ("SUM(a) / 2", {"MAX(a) / 2", "SUM(a) * 2", "SUM(a) / 3"}),
        ("COUNT(*)", set()),
        ("SELECT t.*, a -- 1 < 2 AND 'x'", set()),
        ("a || 'b < c'", set()),
    ],
)
def test_each_rule_changes_one_thing_of_sql(text: str, changed: set[str]) -> None:
    assert sql_changes(text) <= changed
    assert bool(sql_changes(text)) == bool(changed)


def test_mutants_are_programs() -> None:
    mutants = list(every_mutant(CHECKOUT, ["strava_assets/history/", "strava_assets/strava/"]))
    assert len(mutants) > 1_000
    for mutant in random.Random(1).sample(mutants, 200):  # noqa: S311 - a sample, not a secret
        text = (CHECKOUT / mutant.path).read_text(encoding="utf-8")
        changed = mutant.changed(text)
        assert changed != text
        compile(changed, mutant.path, "exec")


def test_every_known_equivalent_is_still_a_mutant_and_has_a_reason() -> None:
    entries = equivalents.read()
    lines = {}
    for path in {entry.path for entry in entries}:
        text = (CHECKOUT / path).read_text(encoding="utf-8")
        lines[path] = {mutant.lines(text) for mutant in every_mutant(CHECKOUT, [path])}
    assert [entry for entry in entries if (entry.before, entry.after) not in lines[entry.path]] == []
    assert all(len(entry.reason) > 20 for entry in entries)


@pytest.mark.deep
def test_a_trial_tells_whether_a_test_notices_and_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "strava_assets_tests").mkdir(parents=True)
    (project / "border.py").write_text("def is_adult(age):\n    return age >= 18\n")
    test = "strava_assets_tests/test_border.py"
    (project / test).write_text(
        "from border import is_adult\n\n\ndef test_far():\n    assert is_adult(40)\n\n\n"
        "def test_near():\n    assert is_adult(18)\n\n\ndef test_endless():\n    while is_adult(18): pass\n"
    )
    at = (project / "border.py").read_text().index(">=")
    mutant = Mutant("border.py", at, at + 2, ">", "border", 2, 2)
    assert "age > 18" in mutant.changed((project / "border.py").read_text())

    verdicts = [
        trial.try_mutant(mutant, project, [(f"{test}::{name}", 0.1)]).verdict
        for name in ("test_far", "test_near")
    ]

    assert verdicts == ["survived", "killed"]
    assert "age >= 18" in (project / "border.py").read_text()
    assert trial.run_tests(project, [f"{test}::test_endless"], 3).verdict == "hung"
    assert trial.try_mutant(mutant, project, []).verdict == "unreached"
