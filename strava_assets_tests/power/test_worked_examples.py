"""The examples of docs/numbers.md that begin with seconds: a ride goes in, its figures must come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.power.measure import RidePower, measure
from strava_assets_tests.marts.test_worked_examples import PAGE, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]


@dataclass
class Example:
    """One ride as in the page."""

    heading: str
    ftp_w: float | None
    stretches: list[Row]
    answers: list[Row] = field(default_factory=list)


def examples() -> Iterator[Example]:
    """Stretches of seconds, answers; the FTP is the one the text names."""
    heading, ftp_w, stretches = "", None, []
    for block in PAGE.read_text(encoding="utf-8").split("\n\n"):
        if match := re.match(r"#+ (.+)", block):
            heading, ftp_w = match[1], None
        elif match := re.search(r"FTP\sof\s(\d+)\sW", block):
            ftp_w = float(match[1])
        elif block.startswith("| seconds "):
            stretches = rows_of(block)
        elif block.startswith("| figure "):
            yield Example(heading, ftp_w, stretches, rows_of(block))


def power_of(example: Example) -> RidePower:
    times: list[int] = []
    channels: dict[str, list[float]] = {"watts": [], "heartrate_bpm": []}
    now = 0
    for stretch in example.stretches:
        seconds = int(stretch["seconds"])
        if stretch["watts"] != "paused":
            times.extend(range(now, now + seconds))
            for name, values in channels.items():
                value = stretch.get(name)
                values.extend([np.nan if value is None else value] * seconds)
        now += seconds
    return measure(
        np.array(times), np.array(channels["watts"]), np.array(channels["heartrate_bpm"]), ftp_w=example.ftp_w
    )


def figure(power: RidePower, name: str) -> Any:
    if match := re.fullmatch(r"best_(\d+)s_w", name):
        return power.bests.watts_over(int(match[1]))
    if match := re.fullmatch(r"power_zone_(\d)_s", name):
        assert power.power_zones_s is not None
        return power.power_zones_s[int(match[1]) - 1]
    return getattr(power, name)


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.heading)
def test_the_page_is_right(example: Example) -> None:
    power = power_of(example)

    for answer in example.answers:
        actual, wanted = figure(power, answer["figure"]), answer["value"]
        if isinstance(wanted, float):
            assert actual == pytest.approx(wanted, rel=1e-5), answer["figure"]
        else:
            assert actual == wanted, answer["figure"]
