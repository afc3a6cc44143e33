"""Numbers, dates and yes or no, as real exports in several languages have them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strava_assets.archive import cells
from strava_assets.archive.languages import Language, all_languages

LANGUAGES = {language.name: language for language in all_languages()}


def language(name: str) -> Language:
    return LANGUAGES[name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("English", "3322.949951171875", 3322.949951171875),
        ("German", "3322.949951171875", 3322.949951171875),
        ("German", "9,44", 9.44),
        ("Portuguese", "1.234,5", 1234.5),
        ("English", "1,234.5", 1234.5),
        ("English", "1,234", 1234.0),
        ("French", "1\N{NARROW NO-BREAK SPACE}234,5", 1234.5),
        ("Dutch", "-3,5", -3.5),
        ("English", "0.0", 0.0),
        ("English", "", None),
        ("English", "--", None),
        ("English", "nan", None),
        ("English", "inf", None),
        ("English", "1e999", None),
    ],
)
def test_a_number(name: str, text: str, value: float | None) -> None:
    assert cells.number(text, language(name)) == value


@pytest.mark.parametrize(
    ("name", "text", "moment"),
    [
        ("English", "May 29, 2022, 3:53:35 PM", (2022, 5, 29, 15, 53, 35)),
        ("English", "Jan 1, 2020, 12:05:00\N{NARROW NO-BREAK SPACE}AM", (2020, 1, 1, 0, 5, 0)),
        ("English", "Sept 5, 2020, 12:05:00 PM", (2020, 9, 5, 12, 5, 0)),
        ("English", "2018-09-12 15:02:23", (2018, 9, 12, 15, 2, 23)),
        ("English", "29 May 2022, 15:53:35", (2022, 5, 29, 15, 53, 35)),
        ("German", "09.12.2022, 15:24:49", (2022, 12, 9, 15, 24, 49)),
        ("French", "27 juil. 2026, 18:32:00", (2026, 7, 27, 18, 32, 0)),
        ("French", "3 juin 2026, 08:00:00", (2026, 6, 3, 8, 0, 0)),
        ("Spanish", "23 jun 2026, 6:14:26", (2026, 6, 23, 6, 14, 26)),
        ("Spanish", "1 de ene. de 2024, 8:00:00", (2024, 1, 1, 8, 0, 0)),
        ("Italian", "2 ago 2026, 17:43:26", (2026, 8, 2, 17, 43, 26)),
        ("Dutch", "9 mei 2026, 00:03:01", (2026, 5, 9, 0, 3, 1)),
        ("Dutch", "6 mrt. 2024 14:23:15", (2024, 3, 6, 14, 23, 15)),
        ("Portuguese", "8 de ago. de 2026, 07:59:26", (2026, 8, 8, 7, 59, 26)),
    ],
)
def test_a_date_is_utc(name: str, text: str, moment: tuple[int, int, int, int, int, int]) -> None:
    assert cells.moment(text, language(name)) == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "May 29, 2022",
        "Brumaire 9, 2022, 3:53:35 PM",
        "31.02.2022, 10:00:00",
        "9/12/2022, 15:24:49",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert cells.moment(text, language("English")) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1.0", True), ("false", False), ("0.0", False), ("", None), ("maybe", None)],
)
def test_yes_or_no(text: str, *, value: bool | None) -> None:
    assert cells.flag(text) is value
