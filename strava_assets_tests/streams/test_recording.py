"""A recording is made whole from what Strava or a file said, or not at all and with a reason."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams import UnreadableRecordingError, from_channels, from_streams
from strava_assets.streams.recording_table import (
    CHANNELS,
    MAX_DURATION_S,
    SCHEMA,
    STRAVA_KEYS,
    channels_of,
    check,
    version_of,
)
from strava_assets_tests.depth import examples
from strava_assets_tests.streams.samples import recording

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = dict[str, dict[str, Any]]


def answered(**streams: list[Any]) -> Answer:
    return {key: {"data": data, "series_type": "distance"} for key, data in streams.items()}


def made(answer: Mapping[str, Any]) -> pa.Table:
    table = from_streams("7", "42", answer)
    assert table is not None
    return table


def as_answered(table: pa.Table) -> dict[str, list[Any]]:
    """The response of Strava, read back from a recording, without streams that have no value."""
    streams = {
        column.source: table.column(name).to_pylist() for name, column in CHANNELS.items() if column.source
    }
    north, east = streams.pop("latlng.0"), streams.pop("latlng.1")
    places = [None if one is None else [one, other] for one, other in zip(north, east, strict=True)]
    return with_any_value(streams | {"latlng": places})


def with_any_value(streams: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {key: data for key, data in streams.items() if any(value is not None for value in data)}


@pytest.mark.deep
def test_strava_s_answer_is_kept_without_loss() -> None:
    sandbox = Sandbox.sample(today=date(2026, 11, 23))
    history = sandbox.history
    for activity in history.ids()[::100]:
        streams = streams_of(history.get(activity), list(STRAVA_KEYS), history.outing(activity))
        if streams is None:
            continue
        table = made(json.loads(json.dumps(answered(**streams))))
        assert as_answered(table) == streams
        assert table.schema.equals(SCHEMA)
        assert set(table.column("activity_id").to_pylist()) == {"42"}


places = st.lists(st.floats(-90, 90), min_size=2, max_size=2)
values = st.none() | st.integers(-5, 3_000) | st.floats(-1e6, 1e6)


@settings(max_examples=examples(60), deadline=None)
@given(st.data(), st.lists(st.integers(1, 500), min_size=1, max_size=40))
def test_any_sound_answer_is_kept_without_loss(data: st.DataObject, steps: list[int]) -> None:
    time = list(np.cumsum(steps).tolist())
    kinds = {"latlng": st.none() | places, "moving": st.none() | st.booleans()}
    keys = data.draw(st.sets(st.sampled_from([key for key in STRAVA_KEYS if key != "time"])))
    streams = {"time": time} | {
        key: data.draw(st.lists(kinds.get(key, values), min_size=len(time), max_size=len(time)))
        for key in sorted(keys)
    }
    table = made(answered(**streams))
    assert as_answered(table) == with_any_value(streams)
    check(table)


def test_the_streams_to_ask_for_are_those_of_the_registry() -> None:
    assert set(STRAVA_KEYS) == {
        *("time", "latlng", "distance", "altitude", "velocity_smooth", "heartrate", "cadence", "watts"),
        *("temp", "moving", "grade_smooth"),
    }
    assert [field.name for field in SCHEMA] == [column.name for column in STREAM_SAMPLES.columns]


@pytest.mark.parametrize("answer", [{}, answered(time=[]), answered(time=[], watts=[]), {"watts": None}])
def test_an_answer_without_a_sample_is_no_recording(answer: Answer) -> None:
    assert from_streams("7", "42", answer) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answered(watts=[1, 2]), "there is no time"),
        (answered(time=[0, 1], watts=[1]), "watts has 1 values and time has 2"),
        (answered(time=[], watts=[1]), "watts has 1 values and time has 0"),
        (answered(time=[0, 1, 1]), "t_s does not increase after 1 s"),
        (answered(time=[0, 2, 1]), "t_s does not increase after 2 s"),
        (answered(time=[0, 0.5]), "t_s is not in whole seconds"),
        (answered(time=[0, None]), "t_s is missing in some samples"),
        (answered(time=[-1, 0]), "t_s runs from -1 to 0 s"),
        (answered(time=[0, MAX_DURATION_S + 1]), "which is not plausible"),
        (answered(time=["0", "1"]), "t_s does not hold numbers"),
        (answered(time=[0, 2**70]), "t_s does not hold numbers"),
        (answered(time=[0, 1], watts=["1", 2]), "watts does not hold numbers"),
        (answered(time=[0, 1], watts=[True, False]), "watts does not hold numbers"),
        (answered(time=[0, 1], watts=[{}, {}]), "watts does not hold numbers"),
        (answered(time=[0, 1], watts=[1, math.inf]), "watts contains a number that is not finite"),
        (answered(time=[0, 1], moving=[1, 0]), "moving does not hold true or false"),
        (answered(time=[0, 1], latlng=[[1.0, 2.0], [1.0]]), "latlng does not hold pairs of numbers"),
        (answered(time=[0, 1], latlng=[1.0, 2.0]), "latlng does not hold pairs of numbers"),
        (answered(time=[0, 1], latlng=[["a", "b"], ["c", "d"]]), "latitude_deg does not hold numbers"),
        ({"time": [0, 1]}, "the stream time has no list of values"),
        ({"time": {"data": "0,1"}}, "the stream time has no list of values"),
    ],
)
def test_a_malformed_answer_is_refused_with_its_reason(answer: Answer, reason: str) -> None:
    with pytest.raises(UnreadableRecordingError, match=reason):
        from_streams("7", "42", answer)


def test_what_is_missing_stays_missing() -> None:
    table = made(
        answered(
            time=[0, 1, 4], watts=[0, None, math.nan], latlng=[[1.5, 2.5], None, []], heartrate=[None] * 3
        )
    )
    assert table.column("watts").to_pylist() == [0.0, None, None]
    assert table.column("latitude_deg").to_pylist() == [1.5, None, None]
    assert channels_of(table) == ("t_s", "watts", "latitude_deg", "longitude_deg")


def test_channels_of_a_file_make_the_same_recording_as_strava_s_streams() -> None:
    of_file = from_channels(
        "7",
        "42",
        {
            "t_s": np.array([0, 1, 4], np.int32),
            "watts": np.array([0.0, np.nan, 250.0]),
            "moving": np.array([True, False, True]),
            "latitude_deg": np.array([1.5, 1.5, np.nan]),
            "longitude_deg": np.array([2.5, 2.5, np.nan]),
        },
    )
    of_strava = made(
        answered(
            time=[0, 1, 4],
            watts=[0, None, 250],
            moving=[True, False, True],
            latlng=[[1.5, 2.5], [1.5, 2.5], None],
        )
    )
    assert of_file.equals(of_strava)
    assert version_of(of_file) == version_of(of_strava)


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ({"watts": [1]}, "there is no time"),
        ({"t_s": [0, 1], "watts": [1]}, "watts has 1 values and t_s has 2"),
        ({"t_s": [0, 1], "power": [1, 2]}, "no channel is called power"),
        ({"t_s": [0, 1], "activity_id": ["1", "1"]}, "no channel is called activity_id"),
    ],
)
def test_channels_that_do_not_fit_are_refused(channels: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableRecordingError, match=reason):
        from_channels("7", "42", channels)


def test_a_version_is_of_the_samples_alone() -> None:
    table = recording("1")
    assert version_of(table) == version_of(recording("2"))
    halves = pa.concat_tables([table.slice(0, 7), table.slice(7)])
    assert version_of(halves) == version_of(table)
    assert version_of(recording("1", watts=201)) != version_of(table)
    # The same numbers in another channel are other samples.
    names = [{"watts": "cadence_rpm", "cadence_rpm": "watts"}.get(name, name) for name in table.column_names]
    assert version_of(table.rename_columns(names).select(table.column_names)) != version_of(table)
    zero, missing = ({"t_s": [0, 1], "watts": [watts, 5]} for watts in (0, None))
    assert version_of(from_channels("7", "1", zero)) != version_of(from_channels("7", "1", missing))


def test_what_every_recording_promises_is_held() -> None:
    table = recording("1")
    check(table)
    with pytest.raises(UnreadableRecordingError, match="its columns are not those"):
        check(table.drop_columns(["watts"]))
    with pytest.raises(UnreadableRecordingError, match="does not increase"):
        check(table.take([1, 0]))
    nameless = table.set_column(0, SCHEMA.field(0), pa.nulls(len(table), pa.string()))
    with pytest.raises(UnreadableRecordingError, match="athlete_id is missing"):
        check(nameless)
