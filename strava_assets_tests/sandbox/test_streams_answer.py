"""Which streams come, in which form, and at which resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.recording import recorded_streams

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Caller, Calling

EVERY_KEY = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"


@pytest.fixture(scope="module")
def ride(sandbox: Sandbox) -> dict[str, Any]:
    """A ride of more than 10,000 seconds with every sensor."""
    return next(
        r
        for r in sandbox.history.records()
        if r["moving_time"] > 11_000 and r.get("device_watts") and r["start_latlng"] and r["has_heartrate"]
    )


def streams(caller: Caller, record: dict[str, Any], **query: Any) -> dict[str, dict[str, Any]]:
    answer = caller.get(f"/activities/{record['id']}/streams", **({"key_by_type": "true"} | query))
    assert answer.status_code == 200, answer.text
    document: dict[str, dict[str, Any]] = answer.json()
    return document


def test_every_form_of_true_gives_streams_by_key(caller: Caller, ride: dict[str, Any]) -> None:
    for text in ("true", "True", "TRUE", "1", "t"):
        assert list(streams(caller, ride, keys="time", key_by_type=text)) == ["time", "distance"]
    for text in ("false", "False", "0", "", "yes"):
        listed = caller.get(f"/activities/{ride['id']}/streams", keys="time", key_by_type=text).json()
        assert [stream["type"] for stream in listed] == ["time", "distance"]


def test_distance_comes_along_with_any_stream_once(caller: Caller, ride: dict[str, Any]) -> None:
    for key in EVERY_KEY.split(","):
        assert list(streams(caller, ride, keys=key)) == list(dict.fromkeys([key, "distance"]))
    assert list(streams(caller, ride, keys="watts,watts,distance")) == ["watts", "distance"]
    # `time` is computed for the axis, and does not come unasked.
    assert list(streams(caller, ride, keys="watts", series_type="time")) == ["watts", "distance"]


def test_an_unknown_key_brings_distance_alone(caller: Caller, ride: dict[str, Any]) -> None:
    for keys in ("power", "Watts", " time", "\uff11", "x" * 5_000, "id,__class__"):
        assert list(streams(caller, ride, keys=keys)) == ["distance"]
    assert list(streams(caller, ride, keys="power,heartrate")) == ["heartrate", "distance"]


def test_the_last_of_repeated_parameters_counts(caller: Caller, ride: dict[str, Any]) -> None:
    assert list(streams(caller, ride, keys=["watts", "time"])) == ["time", "distance"]


def test_without_a_key_the_request_is_refused(caller: Caller, ride: dict[str, Any]) -> None:
    for query in ({}, {"keys": ""}, {"keys": ",,"}):
        answer = caller.get(f"/activities/{ride['id']}/streams", **query)
        assert answer.status_code == 400
        assert answer.json()["errors"] == [{"resource": "Activity", "field": "keys", "code": "invalid"}]


def test_the_older_address_has_the_keys_in_the_path(caller: Caller, ride: dict[str, Any]) -> None:
    by_path = caller.get(f"/activities/{ride['id']}/streams/time,watts", key_by_type="true")
    assert by_path.json() == streams(caller, ride, keys="time,watts")


@pytest.mark.parametrize(("resolution", "points"), [("low", 100), ("medium", 1_000), ("high", 10_000)])
def test_a_resolution_bounds_the_points(
    caller: Caller, ride: dict[str, Any], resolution: str, points: int
) -> None:
    full = streams(caller, ride, keys=EVERY_KEY)
    for axis, key in (("distance", "distance"), ("time", "time")):
        reduced = streams(caller, ride, keys=EVERY_KEY, resolution=resolution, series_type=axis)
        assert reduced.keys() == full.keys()
        lengths = {len(stream["data"]) for stream in reduced.values()}
        assert lengths == {points}
        for stream in reduced.values():
            assert stream["original_size"] == len(full["time"]["data"])
            assert (stream["resolution"], stream["series_type"]) == (resolution, axis)
        # Each point is one of the recording, with all its values.
        index = {t: i for i, t in enumerate(full["time"]["data"])}
        chosen = [index[t] for t in reduced["time"]["data"]]
        assert (chosen[0], chosen[-1]) == (0, len(full["time"]["data"]) - 1)
        for name, stream in reduced.items():
            assert stream["data"] == [full[name]["data"][i] for i in chosen]
        # Even steps along the axis, but for pauses.
        steps = np.diff(reduced[key]["data"])
        assert np.quantile(steps, 0.98) < 2 * steps.mean() + 10


def test_the_full_length_comes_without_a_resolution(caller: Caller, ride: dict[str, Any]) -> None:
    for query in ({}, {"resolution": "all"}):
        stream = streams(caller, ride, keys="time", **query)["time"]
        assert len(stream["data"]) == stream["original_size"] == ride["moving_time"]
        assert (stream["resolution"], stream["series_type"]) == ("high", "distance")


def test_a_short_recording_is_not_stretched(call: Calling) -> None:
    sandbox = Sandbox()
    ride = sandbox.history.add(moving_time=60, elapsed_time=60)
    with call(sandbox) as caller:
        assert len(streams(caller, {"id": ride}, keys="time", resolution="low")["time"]["data"]) == 60


def test_without_distance_the_time_is_the_axis(caller: Caller, sandbox: Sandbox) -> None:
    still = next(r for r in sandbox.history.records() if not r["distance"] and r.get("device_watts"))
    reduced = streams(caller, still, keys="time,watts,power", resolution="low")
    assert list(reduced) == ["time", "watts"]
    assert len(reduced["time"]["data"]) == 100
    assert streams(caller, still, keys="power") == {}


@pytest.mark.parametrize("name", ["resolution", "series_type"])
def test_a_resolution_or_axis_that_does_not_exist_is_refused(
    caller: Caller, ride: dict[str, Any], name: str
) -> None:
    for text in ("Low", "100", "heartrate", ""):
        answer = caller.get(f"/activities/{ride['id']}/streams", keys="time", **{name: text})
        assert answer.status_code == 400
        assert answer.json()["errors"] == [{"resource": "Activity", "field": name, "code": "invalid"}]


def test_dropouts_are_null_in_some_recordings_and_never_long(caller: Caller, sandbox: Sandbox) -> None:
    rides = [r for r in sandbox.history.records() if r.get("device_watts") and r["moving_time"] > 1_500][:120]
    outing = sandbox.history.outing
    missing = {
        r["id"]: (recorded_streams(r, ["watts"], outing(r["id"])) or {})["watts"].count(None) for r in rides
    }
    with_dropouts = [activity for activity, count in missing.items() if count]
    assert 2 < len(with_dropouts) < 30
    assert max(missing.values()) <= 2 * 48
    record = sandbox.history.get(with_dropouts[0])
    served = streams(caller, record, keys="watts,time")
    assert served["watts"]["data"].count(None) == missing[record["id"]]
    assert None not in served["time"]["data"]
