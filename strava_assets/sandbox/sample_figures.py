"""What the sample athlete measured: the figures of `athlete.toml`, and FTP and weight of the profile.

season.py knows the abilities of each day; the athlete learns them from the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from strava_assets.sandbox.season import Career

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

_OF_20_MINUTES = 0.95
"""The usual estimate of FTP from a test; it is some watts above what the rider can hold for an hour."""


class Measured(NamedTuple):
    """The result of a test, valid from a day on."""

    valid_from: date
    ftp_w: int
    critical_power_w: int
    w_prime_kj: float
    weight_kg: float


def figures_file(today: date, seed: int = 1) -> str:
    """The text of the sample athlete's `athlete.toml` for a history that ends today."""
    career = Career.until(today, seed)
    steady = career.abilities(career.first_monday)
    lines = ["# The sample athlete's figures. Put yours here.", ""]
    for number, measured in enumerate(_tests(career, today)):
        lines += ["[[figures]]", f"from = {measured.valid_from}"]
        lines += [f"{name} = {value}" for name, value in zip(measured._fields, measured, strict=True)][1:]
        if number == 0:
            lines += [
                f"max_heartrate_bpm = {steady.max_heartrate_bpm}",
                f"threshold_heartrate_bpm = {steady.threshold_heartrate_bpm}",
                f"resting_heartrate_bpm = {steady.resting_heartrate_bpm}",
            ]
        lines += [""]
    return "\n".join(lines)


def last_test(today: date, seed: int) -> Measured:
    """The last test before today."""
    *_, last = _tests(Career.until(today, seed), today)
    return last


def _tests(career: Career, today: date) -> Iterator[Measured]:
    """At the start, and from the weeks with tests on, which the results are valid for."""
    for monday in (career.first_monday, *career.test_weeks(today)):
        if monday <= today:
            abilities = career.abilities(monday)
            yield Measured(
                valid_from=monday,
                ftp_w=round(_OF_20_MINUTES * abilities.best_watts(20 * 60)),
                critical_power_w=round(abilities.cp_w),
                w_prime_kj=round(abilities.w_prime_j / 1000, 1),
                weight_kg=abilities.weight_kg,
            )
