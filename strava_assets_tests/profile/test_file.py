"""Reading the figures file: an entry is used as written, or refused with its line and a remedy."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.errors import ConfigurationError
from strava_assets.profile import EXAMPLE, FIGURES, Entry, read
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
from strava_assets_tests.depth import examples

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 23)


def entries(tmp_path: Path, text: str) -> tuple[Entry, ...]:
    path = tmp_path / "athlete.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, TODAY)


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "athlete.toml", TODAY) == ()


def test_the_example_says_nothing_until_its_marks_are_removed(tmp_path: Path) -> None:
    assert entries(tmp_path, EXAMPLE) == ()
    opened = EXAMPLE.replace("# [[", "[[").replace("\n# from", "\nfrom")
    for name in FIGURES:
        opened = opened.replace(f"\n# {name} =", f"\n{name} =")
    first, second = entries(tmp_path, opened)
    assert set(first.figures) == set(FIGURES)
    assert second.figures == {"ftp_w": 262.0}


def test_the_figures_are_the_columns_of_the_table() -> None:
    assert {"athlete_id", "valid_from", "valid_to", *FIGURES} == {c.name for c in ATHLETE_PROFILE.columns}


def test_entries_come_by_date_in_whatever_order_they_were_written(tmp_path: Path) -> None:
    text = "[[figures]]\nfrom = 2025-06-01\nftp_w = 260\n[[figures]]\nfrom = 2025-01-01\nftp_w = 250\n"
    assert [entry.figures["ftp_w"] for entry in entries(tmp_path, text)] == [250, 260]


def test_a_file_from_windows_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "athlete.toml"
    path.write_bytes(b"\xef\xbb\xbf[[figures]]\r\nfrom = 2025-01-01\r\nweight_kg = 71.5\r\n")
    [entry] = read(path, TODAY)
    assert entry.figures == {"weight_kg": 71.5}


def test_a_figure_of_today_is_known(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, f"[[figures]]\nfrom = {TODAY}\nftp_w = 250\n")
    assert entry.valid_from == TODAY


HEAD = "[[figures]]\nfrom = 2025-01-01\n"


@pytest.mark.parametrize(
    ("text", "line", "happened", "remedy"),
    [
        (f"{HEAD}ftp_w = 0.25\n", 3, "ftp_w is 0.25", "ftp_w = 250"),
        (f"{HEAD}weight_kg = 7150\n", 3, "weight_kg is 7150", "between 20 and 300 kg"),
        (f"{HEAD}max_heartrate_bpm = 400\n", 3, "between 60 and 250 bpm", "in bpm"),
        (f"{HEAD}run_threshold_pace_s_per_km = 4.5\n", 3, "between 150 and 900 seconds per km", "is 270"),
        (f"{HEAD}w_prime_kj = 18000\n", 3, "between 5 and 40 kJ", "w_prime_kj = 18"),
        (f'{HEAD}sex = "f"\n', 3, "must be female or male", 'sex = "female"'),
        (f"{HEAD}sex = 1\n", 3, "must be female or male", "in quotes"),
        (f"{HEAD}ftp_w = nan\n", 3, "ftp_w is nan", "in W"),
        (f"{HEAD}ftp_w = inf\n", 3, "ftp_w is inf", "in W"),
        (f"{HEAD}ftp_w = -250\n", 3, "ftp_w is -250", "in W"),
        (f'{HEAD}ftp_w = "250 W"\n', 3, "not a number", "without quotes or unit"),
        (f"{HEAD}ftp_w = true\n", 3, "not a number", "without quotes"),
        (f"{HEAD}ftp_w = [250]\n", 3, "not a number", "without quotes"),
        (f"{HEAD}ftp = 250\n", 3, "no figure called ftp", "Write ftp_w."),
        (f"{HEAD}weight_lbs = 157\n", 3, "no figure called weight_lbs", "Write weight_kg."),
        (HEAD, 1, "names no figure", "Give it one or more of ftp_w"),
        ("[[figures]]\nftp_w = 250\n", 1, "has no `from`", "from = 2025-01-01"),
        ('[[figures]]\nfrom = "2025-01-01"\nftp_w = 250\n', 2, "not a date", "without quotes"),
        ("[[figures]]\nfrom = 2025-01-01T08:00:00\nftp_w = 250\n", 2, "not a date", "without quotes"),
        ("[[figures]]\nfrom = 2025\nftp_w = 250\n", 2, "not a date", "year, month and day"),
        ("[[figures]]\nfrom = 2026-11-24\nftp_w = 250\n", 2, "today is 2026-11-23", "Correct the date"),
        (f"{HEAD}ftp_w = 1e3\nathlete_id = 7\n", 3, "ftp_w is 1000.0", "in W"),
        (f'{HEAD}ftp_w = 250\nathlete_id = "me"\n', 4, "not an athlete's number", "Strava profile"),
        (f"{HEAD}ftp_w = 250\n\n{HEAD}ftp_w = 255\n", 5, "as does", "Make one entry"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_remedy(
    tmp_path: Path, text: str, line: int, happened: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        entries(tmp_path, text)
    message = str(error.value)
    assert f"athlete.toml, line {line}" in message
    assert happened in message
    assert remedy in message


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("[[figures]]\nfrom = 2025-01-01\nfrom = 2025-02-01\n", "line 3"),
        ("[[figures]]\nftp_w 250\n", "line 2"),
        ("ftp_w = 250\n", "ftp_w outside an entry"),
        ("[figures]\nfrom = 2025-01-01\nftp_w = 250\n", "not a list of entries"),
        ("figures = [250]\n", "not a list of entries"),
        ("figures = [{from = 2025-01-01, ftp_w = 1}]\n", "entry 1: ftp_w is 1"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_its_remedy(tmp_path: Path, text: str, happened: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        entries(tmp_path, text)
    assert happened in str(error.value)
    assert error.value.remedy


def test_a_file_that_is_no_text_or_no_file_is_refused_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "athlete.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "athlete.toml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read(path, TODAY)


@settings(deadline=None, derandomize=True, database=None, max_examples=examples(200))
@given(text=st.text(max_size=200).map(lambda tail: HEAD + tail))
def test_no_text_breaks_the_reader_otherwise_than_by_a_named_mistake(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(ConfigurationError):
        read(path, TODAY)
