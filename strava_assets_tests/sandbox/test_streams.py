"""Streams: one sample a second that agrees with the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.sandbox import Sandbox

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Caller, Calling

KEYS = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"
pytestmark = pytest.mark.xdist_group("sample athlete")


def data(caller: Caller, record: dict[str, Any]) -> dict[str, np.ndarray]:
    answer = caller.get(f"/activities/{record['id']}/streams", keys=KEYS, key_by_type="true")
    assert answer.status_code == 200, answer.text
    streams = answer.json()
    assert {stream["original_size"] for stream in streams.values()} == {len(streams["time"]["data"])}
    return {key: np.array(stream["data"]) for key, stream in streams.items()}


@pytest.mark.deep
def test_a_measured_ride_agrees_with_its_summary(call: Calling, sandbox: Sandbox) -> None:
    rides = [r for r in sandbox.history.records() if r.get("device_watts") and r["average_watts"] > 0]
    with call(sandbox) as caller:
        for ride in rides[::60]:
            streams = data(caller, ride)
            if any(values.dtype == object for values in streams.values()):
                continue  # Dropouts are not part of the recording's means.
            assert len(streams["time"]) == ride["moving_time"]
            assert streams["watts"].mean() == pytest.approx(ride["average_watts"], abs=0.06)
            assert streams["watts"].max() == ride["max_watts"]
            if ride["has_heartrate"]:
                assert streams["heartrate"].mean() == pytest.approx(ride["average_heartrate"], abs=0.06)
                assert streams["heartrate"].max() <= ride["max_heartrate"]
            if ride["distance"]:
                assert streams["distance"][-1] == pytest.approx(ride["distance"], abs=0.2)


def test_pauses_are_holes_in_a_rising_time_axis(call: Calling, sandbox: Sandbox) -> None:
    ride = next(r for r in sandbox.history.records() if r["elapsed_time"] > r["moving_time"] + 300)
    with call(sandbox) as caller:
        seconds = data(caller, ride)["time"]
    assert seconds[0] == 0
    assert seconds[-1] == ride["elapsed_time"] - 1
    assert (np.diff(seconds) >= 1).all()
    assert (np.diff(seconds) > 1).any()


def test_the_same_ride_always_has_the_same_streams(call: Calling, sandbox: Sandbox) -> None:
    ride = sandbox.history.records()[5]
    with call(sandbox) as caller:
        first, second = (
            caller.get(f"/activities/{ride['id']}/streams", keys=KEYS, key_by_type="true") for _ in range(2)
        )
    assert first.content == second.content


def test_only_what_was_asked_for_and_recorded_comes(call: Calling, sandbox: Sandbox) -> None:
    estimated = next(r for r in sandbox.history.records() if r.get("device_watts") is False)
    with call(sandbox) as caller:
        path = f"/activities/{estimated['id']}/streams"
        keyed = caller.get(path, keys="time,watts,distance", key_by_type="true").json()
        listed = caller.get(path, keys="time,distance").json()
        assert caller.get(path).status_code == 400
    assert list(keyed) == ["time", "distance"]
    assert [stream["type"] for stream in listed] == ["time", "distance"]


def test_an_entry_made_by_hand_has_no_streams(call: Calling, sandbox: Sandbox) -> None:
    manual = next(r for r in sandbox.history.records() if r["manual"])
    with call(sandbox) as caller:
        answer = caller.get(f"/activities/{manual['id']}/streams", keys="time", key_by_type="true")
    assert answer.status_code == 404


def test_a_cropped_ride_has_shorter_streams(call: Calling) -> None:
    sandbox = Sandbox()
    ride = sandbox.history.add(moving_time=3_000, elapsed_time=3_000)
    with call(sandbox) as caller:
        before = data(caller, sandbox.history.get(ride))
        after = data(caller, sandbox.history.crop(ride, end_s=1_000))
    assert (len(before["time"]), len(after["time"])) == (3_000, 2_000)
