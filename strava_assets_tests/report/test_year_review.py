"""The picture of a year: its totals are those of the rides, and it holds nothing but words and shapes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from strava_assets.report.number_format import IMPERIAL, METRIC
from strava_assets.report.year_review import NoRidesError, year_review_svg
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.number_format import Units


def texts(figures: Figures, units: Units = METRIC, year: int = 2024) -> list[str]:
    drawing = ET.fromstring(year_review_svg(figures, year, units))  # noqa: S314 - our own drawing
    return [
        (text.text or "").replace("\u00a0", " ") for text in drawing.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_its_totals_are_those_of_the_year_s_rides(read: Read) -> None:
    history = [
        activity(TODAY, "1", name="Far", distance_m=80_000.0),
        activity(TODAY, "2", device_watts=False),
        activity(TODAY, "3", sport_type="Run"),
        activity(TODAY.replace(year=2023), "4"),
    ]

    words = texts(read(history))

    assert words[:2] == ["2024", "on the bike, up to 12 Jun 2024"]
    facts = dict(zip(words[3:14:2], words[2:14:2], strict=True))
    assert facts == {
        "distance": "110 km",
        "riding time": "2 h",
        "climbing on the road": "600 m",
        "rides": "2",
        "with a ride": "1 day",
        "measured in 1 ride": "1 MJ",
    }
    assert "Longest ride: Far, 12 Jun 2024, 80 km" in words
    assert "110" in words


def test_the_longest_ride_is_the_record_of_the_year(read: Read) -> None:
    history = [
        activity(TODAY, "1", name="Car", distance_m=400_000.0, flagged=True),
        activity(TODAY, "2", name="Typed in", distance_m=300_000.0, manual=True),
        activity(TODAY, "3", name="Trainer", distance_m=200_000.0, sport_type="VirtualRide"),
        activity(TODAY, "4", name="Road", distance_m=100_000.0),
    ]

    assert "Longest ride: Road, 12 Jun 2024, 100 km" in texts(read(history))


def test_in_a_year_indoors_the_longest_ride_is_that_in_time(read: Read) -> None:
    words = texts(read([activity(TODAY, "1", name="Loops", sport_type="VirtualRide")]))

    assert "Longest ride: Loops, 12 Jun 2024, 1:00 h" in words


def test_lengths_are_in_the_chosen_unit(read: Read) -> None:
    words = texts(read([activity(TODAY, "1", distance_m=160_934.4)]), IMPERIAL)

    assert "100 mi" in words
    assert "mi by month" in words


def test_a_hostile_name_stays_text_and_nothing_is_loaded_or_located(read: Read) -> None:
    extra = '{"start_latlng":[47.376887,8.541694],"map":{"polyline":"secretpolyline"}}'
    figures = read([activity(TODAY, "1", name="</text><script>alert(1)</script>", extra=extra)])

    svg = year_review_svg(figures, 2024, METRIC)

    assert "<script" not in svg
    assert not re.search(r"href=|url\((?!#)|47\.37|secretpolyline", svg)
    assert "var(" not in svg


def test_a_year_without_a_ride_is_refused_with_a_sentence(read: Read) -> None:
    with pytest.raises(NoRidesError, match="There is no ride in 2019"):
        year_review_svg(read([activity(TODAY, "1")]), 2019, METRIC)
