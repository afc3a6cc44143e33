"""The gear of `athlete.toml`: what it says, and how a mistake is reported."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.profile import read
from strava_assets.profile.gear_file import Gear, read_gear
from strava_assets.sandbox import gear_entries

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
[[figures]]
from = 2024-01-01
ftp_w = 250

[[gear]]
id = "b1"
name = " Road bike "
service_every_km = 3000
serviced_on = 2024-03-01

[[gear]]
id = "g1"
name = "Shoes"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "athlete.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_gear_stands_beside_figures_in_one_file(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)

    assert read_gear(path) == {
        "b1": Gear("Road bike", 3_000_000.0, date(2024, 3, 1)),
        "g1": Gear("Shoes"),
    }
    assert len(read(path, date(2024, 6, 1))) == 1


def test_without_a_file_or_without_gear_there_is_none(tmp_path: Path) -> None:
    assert read_gear(tmp_path / "none.toml") == {}
    assert read_gear(written(tmp_path, "")) == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("gear = 3", "not a list"),
        ('[[gear]]\nid = "b1"', "lacks"),
        ('[[gear]]\nid = 1\nname = "x"', "lacks"),
        ('[[gear]]\nid = "b1"\nname = "x"\ncolor = "red"', "has color"),
        ('[[gear]]\nid = "b1"\nname = "x"\nservice_every_km = "far"', "service_every_km of b1"),
        ('[[gear]]\nid = "b1"\nname = "x"\nservice_every_km = 0', "service_every_km of b1"),
        ('[[gear]]\nid = "b1"\nname = "x"\nserviced_on = "May"', "serviced_on of b1"),
        ('[[gear]]\nid = "b1"\nname = "x"\n[[gear]]\nid = "b1"\nname = "y"', "b1 stands twice"),
        ("[[gear", "cannot be read"),
    ],
)
def test_a_mistake_is_named_with_an_example(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        read_gear(written(tmp_path, text))


def test_the_sample_athlete_s_gear_is_named(tmp_path: Path) -> None:
    gear = read_gear(written(tmp_path, gear_entries(date(2024, 6, 1))))

    assert {piece.name for piece in gear.values()} >= {"Gravel", "Trail shoes"}
    assert any(piece.service_every_m for piece in gear.values())
