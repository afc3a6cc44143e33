"""The athlete's plan: what a file says, and what is said of a wrong line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.profile import plan_rows, read_plan

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 29)


def plan(tmp_path: Path, text: str) -> list[tuple[date, float, str]]:
    path = tmp_path / "plan.csv"
    path.write_text(text, encoding="utf-8")
    return [(each.day, each.load, each.goal) for each in read_plan(path, TODAY)]


def test_a_plan_is_days_with_a_load_and_perhaps_a_goal(tmp_path: Path) -> None:
    text = '# my winter\nday,load,goal\n2026-12-01,80\n\n2026-12-02, 0,\n2027-04-04,320,"Ronde, long"\n'
    assert plan(tmp_path, text) == [
        (date(2026, 12, 1), 80, ""),
        (date(2026, 12, 2), 0, ""),
        (date(2027, 4, 4), 320, "Ronde, long"),
    ]


def test_a_spreadsheet_may_write_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    text = "day;load;goal\n2026-12-01;7,5;\n2027-04-04;320;Ronde, long\n"
    assert plan(tmp_path, text) == [(date(2026, 12, 1), 7.5, ""), (date(2027, 4, 4), 320, "Ronde, long")]


def test_no_file_and_an_empty_one_plan_nothing(tmp_path: Path) -> None:
    assert read_plan(tmp_path / "nowhere.csv", TODAY) == ()
    assert plan(tmp_path, "# nothing yet\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day;weight\n2026-12-01;80\n", "line 1: the columns are day, weight"),
        ("day;load\n2026-12-01;7;5\n", "line 2: 3 cells for 2 columns"),
        ("day,load,goal\n2026-12-01,7,5\n", "line 2: the goal is '5'"),
        ("day,load,when\n", "line 1: the columns are day, load, when"),
        ("day,day,load\n", "line 1: the columns are day, day, load"),
        ("day,load\n2026-12-01,80\n1.12.2026,80\n", "line 3: the day is '1.12.2026'"),
        ("# x\nday,load\n2036-12-01,80\n", "line 3: the day is 2036-12-01, more than two years ahead"),
        ("day,load\n2026-12-01,much\n", "line 2: the load is 'much'"),
        ("day,load\n2026-12-01,-1\n", "line 2: the load is '-1'"),
        ("day,load\n2026-12-01,nan\n", "line 2: the load is 'nan'"),
        ("day,load\n2026-12-01,1001\n", "line 2: the load is '1001'"),
        ("day,load\n2026-12-01\n", "line 2: the load is ''"),
        ("day,load\n2026-12-01,7,5\n", "line 2: 3 cells for 2 columns"),
        (f"day,load,goal\n2026-12-01,7,{'x' * 200_000}\n", "line 2 cannot be read: field larger than"),
        ("day,load,athlete_id\n2026-12-01,7,me\n", "line 2: athlete_id is 'me'"),
    ],
)
def test_a_wrong_line_is_named_with_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=r"plan\.csv") as error:
        plan(tmp_path, text)
    assert message in str(error.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_bytes(b"day,load\n\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_plan(tmp_path / "plan.csv", TODAY)


def test_a_day_belongs_to_the_only_athlete_or_to_the_one_it_names(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("day,load,athlete_id\n2026-12-01,80,\n2026-12-02,90,8\n", encoding="utf-8")
    days = read_plan(path, TODAY)
    assert [(row["athlete_id"], row["planned_load"]) for row in plan_rows(days, ["7"])] == [
        ("7", 80),
        ("8", 90),
    ]
    assert plan_rows(days[:1], []) == []
    with pytest.raises(ConfigurationError, match="there are 2 athletes"):
        plan_rows(days, ["7", "8"])


def test_a_day_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("day,load\n2026-12-01,80\n2026-12-01,90\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"line 3 plans 2026-12-01, as does .*line 2"):
        plan_rows(read_plan(path, TODAY), ["7"])
