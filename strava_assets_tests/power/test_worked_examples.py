"""The examples of docs/numbers.md that begin with seconds: a ride goes in, its figures must come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.power.measure import measure_ride
from strava_assets.power.recording import Thresholds, measure_recording
from strava_assets.power.running import flat_ground_speed
from strava_assets.power.seconds import lay_out
from strava_assets.power.w_balance import w_balance
from strava_assets_tests.marts.test_worked_examples import PAGE, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.power.seconds import Seconds

Row = dict[str, Any]


# What the text before an example says of the athlete, by the name the tests use.
STATED = {
    "ftp_w": r"FTP\sof\s(\d+)\sW",
    "critical_power_w": r"critical\spower\sof\s(\d+)\sW",
    "w_prime_kj": r"W'\sof\s(\d+)\skJ",
    "weight_kg": r"body\sweight\sof\s(\d+)\skg",
    "resting_bpm": r"of\s(\d+)\sat\srest",
    "threshold_bpm": r"(\d+)\sat\sthreshold\sand",
    "maximum_bpm": r"and\s(\d+)\sat\smost",
    "threshold_pace_s_per_km": r"threshold\space\sof\s(\d+)\ss/km",
}


@dataclass
class Example:
    """One recording as in the page."""

    heading: str
    stated: dict[str, float]
    stretches: list[Row]
    answers: list[Row] = field(default_factory=list)


def examples() -> Iterator[Example]:
    """Stretches of seconds, answers; the athlete's figures are those that the section's text names."""
    heading, stretches = "", []
    stated: dict[str, float] = {}
    for block in PAGE.read_text(encoding="utf-8").split("\n\n"):
        if match := re.match(r"#+ (.+)", block):
            heading, stated = match[1], {}
        elif block.startswith("| seconds "):
            stretches = rows_of(block)
        elif block.startswith("| figure "):
            yield Example(heading, dict(stated), stretches, rows_of(block))
        else:
            matches = {name: re.search(pattern, block) for name, pattern in STATED.items()}
            stated |= {name: float(match[1]) for name, match in matches.items() if match}


def figures_of(example: Example) -> Row:
    """All figures of the example's recording, by their names in the tables."""
    channels = channels_of(example.stretches)
    stated = example.stated
    t_s, watts = channels["t_s"].astype(np.int64), channels.get("watts")
    seconds = lay_out(t_s, watts, channels.get("heartrate_bpm"))
    speed = None
    if "speed_mps" in channels:
        way_m = np.cumsum(channels["speed_mps"])
        height_m = np.cumsum(channels["speed_mps"] * channels["slope_pct"] / 100)
        speed = flat_ground_speed(t_s, way_m, height_m, seconds.timeline)
    pace = stated.get("threshold_pace_s_per_km")
    thresholds = Thresholds(
        power_w=stated.get("ftp_w"),
        heartrate_bpm=stated.get("threshold_bpm"),
        resting_heartrate_bpm=stated.get("resting_bpm"),
        max_heartrate_bpm=stated.get("maximum_bpm"),
        speed_mps=1000 / pace if pace else None,
    )
    recording = measure_recording(seconds, thresholds, is_run=speed is not None, speed=speed)
    ride = measure_ride(seconds, ftp_w=stated.get("ftp_w"), weight_kg=stated.get("weight_kg"))
    figures: Row = vars(recording) | vars(recording.efficiency) | vars(ride)
    figures |= {f"power_zone_{zone}_s": spent for zone, spent in enumerate(ride.power_zones_s or (), 1)}
    if "critical_power_w" in stated:
        figures |= balance_of(seconds, stated)
    return figures


def channels_of(stretches: list[Row]) -> dict[str, np.ndarray]:
    """The samples of stretches of seconds; a channel that the page does not name is not there."""
    names = [name for name in stretches[0] if name != "seconds"]
    samples: dict[str, list[float]] = {name: [] for name in ("t_s", *names)}
    now = 0
    for stretch in stretches:
        seconds = int(stretch["seconds"])
        if stretch.get("watts") != "paused":
            samples["t_s"].extend(range(now, now + seconds))
            for name in names:
                value = stretch[name]
                samples[name].extend([np.nan if value is None else value] * seconds)
        now += seconds
    return {name: np.array(values, float) for name, values in samples.items()}


def balance_of(seconds: Seconds, stated: dict[str, float]) -> Row:
    balance = w_balance(seconds.watts, seconds.at_s, stated["critical_power_w"], 1000 * stated["w_prime_kj"])
    return {
        "lowest_balance_kj": balance.lowest_j / 1000,
        "below_quarter_s": balance.low_s,
        "matches": balance.matches,
        "work_above_kj": balance.work_above_j / 1000,
    }


def figure(figures: Row, name: str) -> Any:
    if match := re.fullmatch(r"best_(\d+)s_w", name):
        return figures["bests"].watts_over(int(match[1]))
    if match := re.fullmatch(r"best_(\d+)s_after_(\d+)_(kj|kj_per_kg)_w", name):
        late = [
            each.bests
            for each in figures["after_work"]
            if (str(each.level), each.basis) == match.groups()[1:]
        ]
        return late[0].watts_over(int(match[1])) if late else None
    return figures[name]


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.heading)
def test_the_page_is_right(example: Example) -> None:
    figures = figures_of(example)

    for answer in example.answers:
        actual, wanted = figure(figures, answer["figure"]), answer["value"]
        if isinstance(wanted, float):
            assert actual == pytest.approx(wanted, rel=1e-5), answer["figure"]
        else:
            assert actual == wanted, answer["figure"]
