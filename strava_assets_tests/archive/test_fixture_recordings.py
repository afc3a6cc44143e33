"""Small files that imitate what devices write: every one is read with the right values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from strava_assets.archive import read_recording
from strava_assets.archive.errors import NoSamplesError
from strava_assets.archive.time_zones import clock_of
from strava_assets_tests.conftest import FIXTURES

if TYPE_CHECKING:
    from strava_assets.archive import DecodedFile

RECORDINGS = FIXTURES / "recordings"
T0 = datetime(2021, 9, 8, 1, 46, 40, tzinfo=UTC)
pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"{RECORDINGS} is not there: these files are not part of the project"
)


class Right(NamedTuple):
    """The right values of a file: number of samples, value of every sample by channel, and a note."""

    samples: int
    constant: dict[str, float]
    note: str | None = None


RIGHT = {
    "fit-power-by-app.fit": Right(60, {"watts": 250, "heartrate_bpm": 140}),
    "fit-clock-spike-early.fit": Right(599, {"watts": 200}, "impossible time, dropped: 1"),
    "fit-clock-set-back.fit": Right(600, {"watts": 200}, "set back"),
    "gpx-tracks-out-of-order.gpx": Right(700, {"altitude_m": 1}, "sorted"),
    "tcx-newest-first.tcx": Right(180, {"heartrate_bpm": 130}, "sorted"),
    "fit-sensors-in-turn.fit": Right(60, {"watts": 250, "heartrate_bpm": 140}),
    "fit-cut-short.fit": Right(599, {"watts": 200}, "damaged after 598 s: it is cut short"),
    "fit-padded.fit": Right(600, {"watts": 200}),
    "fit-field8-empty.fit": Right(60, {"watts": 200}),
    "fit-enhanced-as-array.fit": Right(60, {"velocity_m_per_s": 8, "altitude_m": 100}),
    "fit-hr-messages.fit": Right(60, {"heartrate_bpm": 130}),
    "fit-null-island.fit": Right(60, {"watts": 200}),
    "fit-local-clock-is-utc.fit": Right(60, {"watts": 200}),
    "fit-clock-never-set.fit": Right(60, {}),
    "fit-compressed-time.fit": Right(60, {}),
    "gpx-undeclared-prefix.gpx": Right(20, {"cadence_rpm": 80}, "declared: gpxdata"),
}
# Refused on purpose, with a reason.
WITHOUT_SAMPLES = "fit-lengths-only.fit"


def read(name: str) -> DecodedFile:
    return read_recording((RECORDINGS / name).read_bytes())


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_is_read_with_the_right_values(name: str) -> None:
    recording = read(name)

    right = RIGHT[name]
    assert len(recording.channels["t_s"]) == right.samples
    for channel, value in right.constant.items():
        np.testing.assert_array_equal(recording.channels[channel], value)
    assert len(recording.notes) == (1 if right.note else 0)
    assert (right.note or "") in "".join(recording.notes)


def test_every_file_has_its_right_values() -> None:
    files = {path.name for path in RECORDINGS.iterdir() if path.suffix in {".fit", ".gpx", ".tcx"}}

    assert files == {*RIGHT, WITHOUT_SAMPLES}


def test_the_times_of_the_right_files_are_whole() -> None:
    seconds = {name: read(name).channels["t_s"] for name in RIGHT}

    for name in ("fit-clock-set-back.fit", "gpx-tracks-out-of-order.gpx", "fit-compressed-time.fit"):
        assert seconds[name].tolist() == list(range(RIGHT[name].samples))
    assert read("fit-clock-set-back.fit").start == T0


def test_lengths_without_samples_are_not_a_fault_of_the_file() -> None:
    with pytest.raises(NoSamplesError):
        read(WITHOUT_SAMPLES)


def test_the_distance_ends_where_the_native_field_ends() -> None:
    assert read("fit-field8-empty.fit").channels["distance_m"][-1] == 472


def test_the_first_position_is_not_that_without_a_fix() -> None:
    recording = read("fit-null-island.fit")

    assert recording.timezone == "America/Sao_Paulo"
    clock = clock_of(
        recording.start, recording.timezone, recording.utc_offset_s, is_virtual=False, home="Europe/Berlin"
    )
    assert clock == ("America/Sao_Paulo", -10_800)
    assert not (recording.channels["latitude_deg"] == 0).any()


def test_utc_as_local_time_says_nothing_about_the_zone() -> None:
    recording = read("fit-local-clock-is-utc.fit")

    assert recording.start == T0
    clock = clock_of(T0, None, recording.utc_offset_s, is_virtual=False, home="Europe/Berlin")
    assert clock == ("Europe/Berlin", 7200)


def test_a_clock_that_was_never_set_starts_with_the_activity() -> None:
    recording = read("fit-clock-never-set.fit")

    assert not recording.has_date
    cropped = recording.cropped_to(T0, 60)
    assert cropped.start == T0
    assert cropped.channels["t_s"].tolist() == list(range(60))
    assert "never set" in cropped.notes[0]
