"""Recordings have the values that other decoders read, or the difference is explained here."""

from __future__ import annotations

import gzip
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.archive import read_recording
from strava_assets_tests.archive.devices import (
    LYON,
    START,
    RawField,
    a_ride,
    developer_data_id,
    field_description,
    file_id,
    fit_file,
    gpx,
    records,
)
from strava_assets_tests.archive.witnesses import FIT_WITNESSES, by_gpxpy
from strava_assets_tests.conftest import FIXTURES
from strava_assets_tests.depth import examples

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.archive import DecodedFile
    from strava_assets_tests.archive.witnesses import Sample

FITPARSE, FITDECODE, GARMIN = FIT_WITNESSES
EVERY = tuple(FIT_WITNESSES)
REAL_EXPORT = FIXTURES / "bulk-export"

# File, decoders, what differs, and why ours is right.
EXPLAINED: tuple[tuple[str, tuple[str, ...], set[str], str], ...] = (
    (
        "fit-clock-set-back.fit",
        EVERY,
        {"seconds"},
        "they give the times as they stand; ours follow on after the clock was set back",
    ),
    ("fit-clock-spike-early.fit", EVERY, {"seconds"}, "they keep the sample that is two years ahead"),
    ("fit-cut-short.fit", EVERY, {"refused"}, "they raise where the file ends; ours keep what stands before"),
    ("fit-padded.fit", EVERY, {"refused"}, "they take the zero bytes after the file for another file"),
    (
        "fit-clock-never-set.fit",
        (GARMIN,),
        {"refused"},
        "Garmin's Python SDK does not support compressed timestamps",
    ),
    (
        "fit-compressed-time.fit",
        (GARMIN,),
        {"refused"},
        "Garmin's Python SDK does not support compressed timestamps",
    ),
    (
        "fit-hr-messages.fit",
        (FITPARSE, FITDECODE),
        {"heartrate_bpm"},
        "they do not place the heart rates of hr messages",
    ),
    (
        "fit-hr-messages.fit",
        (GARMIN,),
        {"heartrate_bpm"},
        "Garmin's SDK gives a record its heart rate only when a later beat follows, so the last one has none",
    ),
    (
        "fit-null-island.fit",
        EVERY,
        {"latitude_deg", "longitude_deg"},
        "they give the position 0,0 that stands in the file before the first fix",
    ),
    (
        "fit-power-by-app.fit",
        EVERY,
        {"watts", "heartrate_bpm"},
        "they give developer fields under the names of their apps",
    ),
    ("gpx-undeclared-prefix.gpx", ("gpxpy",), {"refused"}, "gpxpy refuses prefixes that are not declared"),
)
# No decoder of these files has samples.
WITHOUT_SAMPLES = {"fit-lengths-only.fit"}


def compare(recording: DecodedFile, samples: list[Sample], channels: set[str] | None = None) -> set[str]:
    """What differs between a recording and the samples of another decoder: seconds, or channels.

    The first value of a second counts, a heart rate of zero is none, and power that is always zero is none.
    """
    by_second: dict[int, Sample] = defaultdict(dict)
    for sample in samples:
        if "time_s" in sample:
            second = by_second[int(sample["time_s"])]
            for channel, value in sample.items():
                if (channel, value) != ("heartrate_bpm", 0):
                    second.setdefault(channel, value)
    seconds = sorted(by_second)
    start = recording.start.timestamp()
    if [start + t_s for t_s in recording.channels["t_s"]] != seconds:
        return {"seconds"}
    names = channels or {name for second in by_second.values() for name in second} - {"time_s"}
    different = set()
    for name in names | (set(recording.channels) - {"t_s"} if channels is None else set()):
        expected = np.array([by_second[second].get(name, np.nan) for second in seconds])
        if name == "watts" and not (expected > 0).any():
            expected[:] = np.nan
        values = recording.channels.get(name, np.full(len(seconds), np.nan))
        if not np.allclose(values, expected, rtol=0, atol=1e-9, equal_nan=True):
            different.add(name)
    return different


def compare_with(witness: str, content: bytes) -> set[str]:
    """What differs from a decoder of FIT files; `refused` if it raises."""
    try:
        samples = FIT_WITNESSES[witness](content)
    except Exception:  # noqa: BLE001 - each decoder has errors of its own
        return {"refused"}
    return compare(read_recording(content), samples)


def explained(file: str, witness: str) -> set[str]:
    return {
        difference
        for name, witnesses, differences, _ in EXPLAINED
        if name == file and witness in witnesses
        for difference in differences
    }


def fixture_files(pattern: str) -> list[Path]:
    return [path for path in sorted(FIXTURES.glob(pattern)) if path.name not in WITHOUT_SAMPLES]


@pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"{FIXTURES} is not there: it is not part of the project")
@pytest.mark.parametrize("witness", FIT_WITNESSES)
def test_every_fit_file_has_the_values_of_another_decoder(witness: str) -> None:
    files = fixture_files("recordings/*.fit") + fixture_files("bulk-export/activities/*.fit.gz")
    assert files
    for path in files:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert compare_with(witness, content) == explained(path.name, witness), path.name


@pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"{FIXTURES} is not there: it is not part of the project")
def test_every_gpx_file_has_the_values_of_another_reader() -> None:
    files = fixture_files("recordings/*.gpx")
    assert files
    for path in files:
        try:
            samples = by_gpxpy(path.read_bytes())
        except Exception:  # noqa: BLE001 - gpxpy's and the parser's errors
            different = {"refused"}
        else:
            channels = {"latitude_deg", "longitude_deg", "altitude_m"}
            different = compare(read_recording(path.read_bytes()), samples, channels)
        assert different == explained(path.name, "gpxpy"), path.name


# Field number, base type, the lowest and highest raw value, and the invalid one.
RAW_FIELDS = (
    (2, "uint16", 0, 0xFFFE, 0xFFFF),
    (3, "uint8", 0, 0xFE, 0xFF),
    (4, "uint8", 0, 0xFE, 0xFF),
    (5, "uint32", 0, 0xFFFFFFFE, 0xFFFFFFFF),
    (6, "uint16", 0, 0xFFFE, 0xFFFF),
    (7, "uint16", 0, 0xFFFE, 0xFFFF),
    (13, "sint8", -100, 100, 0x7F),
    (73, "uint32", 0, 0xFFFFFFFE, 0xFFFFFFFF),
    (78, "uint32", 0, 0xFFFFFFFE, 0xFFFFFFFF),
)


@st.composite
def fit_contents(draw: st.DrawFn) -> bytes:
    """FIT files of one to three runs of records, each with a definition of its own."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    runs = []
    second = 0
    for local in range(3, 3 + draw(st.integers(1, 3))):
        times = second + np.cumsum(chance.integers(0, 4, draw(st.integers(1, 30))))
        second = int(times[-1])
        fields = [
            RawField(number, kind, raw_values(chance, len(times), *bounds))
            for number, kind, *bounds in draw(st.lists(st.sampled_from(RAW_FIELDS), unique=True))
        ]
        if draw(st.booleans()):
            # Never 0,0, never beyond the poles, and never half of a position, which is none.
            has_fix = chance.random(len(times)) < 0.8
            for number in (0, 1):
                places = np.where(has_fix, chance.integers(1, 2**30, len(times)), 0x7FFFFFFF)
                fields.append(RawField(number, "sint32", places))
        if draw(st.booleans()):
            fields.append(RawField(0, "uint16", np.ones(len(times)), developer=0))
        runs.append(records(times, *fields, local=local, big_endian=draw(st.booleans())))
    return fit_file(file_id(), developer_data_id(), field_description(0, "uint16", 0xFF), *runs)


def raw_values(chance: np.random.Generator, count: int, low: int, high: int, invalid: int) -> list[int]:
    """Values of which many are zero, invalid, or at the end of the range."""
    usual = chance.integers(low, high, count, endpoint=True)
    odd = chance.choice([0, 1, high, invalid], count)
    return [int(value) for value in np.where(chance.random(count) < 0.5, usual, odd)]


@pytest.mark.parametrize("witness", FIT_WITNESSES)
@settings(max_examples=examples(120), deadline=None)
@given(content=fit_contents())
def test_any_fit_file_has_the_values_of_another_decoder(witness: str, content: bytes) -> None:
    assert compare_with(witness, content) == set()


@settings(max_examples=examples(60), deadline=None)
@given(
    seconds=st.integers(1, 120),
    place=st.tuples(st.floats(0.1, 89), st.floats(-179, 179)) | st.just(LYON),
    seed=st.integers(0, 1000),
)
def test_any_gpx_file_has_the_values_of_another_reader(
    seconds: int, place: tuple[float, float], seed: int
) -> None:
    content = gpx(a_ride(seconds, START, place=place, seed=seed))

    channels = {"latitude_deg", "longitude_deg", "altitude_m"}
    assert compare(read_recording(content), by_gpxpy(content), channels) == set()


def test_each_explained_difference_is_of_a_file_and_a_decoder_once() -> None:
    pairs = [(name, witness) for name, witnesses, _, _ in EXPLAINED for witness in witnesses]

    assert len(pairs) == len(set(pairs))
    assert all(reason for *_, reason in EXPLAINED)
