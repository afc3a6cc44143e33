"""What a recording without an export tells of its activity: sport, clock, motion, averages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.power.normalized import normalized_power_w
from strava_assets.power.xpower import xpower_w
from strava_assets_tests.archive.devices import LYON, START, Ride, a_ride, fit, gpx, tcx
from strava_assets_tests.archive.exports import day

if TYPE_CHECKING:
    from strava_assets_tests.history.file_imports import Files


def test_a_fit_file_becomes_an_activity(files: Files) -> None:
    ride = a_ride(1200, utc_offset_s=3600)
    content = fit(ride, sport=(2, 46), session={22: 123})
    activity_id = files.put("garmin/2026-03-02-morning.fit", content)

    report = files.load()

    assert (report.files, report.new, report.rejected, report.others) == (1, 1, {}, [])
    row = files.story.rows()[activity_id]
    assert activity_id.startswith("file-")
    assert ride.distance is not None
    assert ride.watts is not None
    assert ride.heartrate is not None
    expected = {
        "athlete_id": "7",
        "source": "file",
        "name": "2026-03-02-morning",
        "external_id": "2026-03-02-morning.fit",
        "sport_type": "GravelRide",
        "start_date": START,
        "start_date_local": datetime(2026, 3, 2, 8, 30),  # noqa: DTZ001 - local time
        "timezone": "Europe/Paris",
        "utc_offset_s": 3600,
        "moving_time_s": 1199,
        "elapsed_time_s": 1199,
        "total_elevation_gain_m": 123.0,
        "device_watts": True,
        "manual": False,
        "merged_into": None,
        "trainer": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert row["distance_m"] == pytest.approx(ride.distance[-1] - ride.distance[0], abs=0.1)
    assert row["average_watts"] == pytest.approx(ride.watts.mean(), abs=0.06)
    assert row["kilojoules"] == pytest.approx(ride.watts.mean() * 1.199, abs=0.1)
    assert row["average_heartrate_bpm"] == pytest.approx(ride.heartrate.mean(), abs=0.06)
    assert row["max_watts"] == ride.watts.max()
    assert row["weighted_average_watts"] == pytest.approx(xpower_w(ride.watts.astype("int64")), abs=1)
    [entry] = files.story.streams.entries().values()
    assert (entry.activity_id, entry.source, entry.origin) == (
        activity_id,
        "file",
        "garmin/2026-03-02-morning.fit",
    )
    assert files.story.rows() == files.story.rebuilt()[0]


def intervals(**fields: Any) -> Ride:
    """Ten sprints of half a minute between easy minutes, whose normalized power is far above xPower."""
    ride = a_ride(3600)
    return replace(ride, watts=np.where(ride.t_s % 360 < 30, 900.0, 90.0), **fields)


def test_the_weighted_power_of_a_file_is_of_the_kind_that_strava_s_is(files: Files) -> None:
    ride = intervals()
    assert ride.watts is not None
    watts = ride.watts.astype("int64")
    activity_id = files.put("a.fit", fit(ride))

    files.load()

    weighted = files.story.rows()[activity_id]["weighted_average_watts"]
    assert weighted == pytest.approx(xpower_w(watts), abs=1)
    assert weighted < 0.95 * (normalized_power_w(watts) or 0)


def test_recorded_stops_do_not_lower_the_weighted_power_of_a_file(files: Files) -> None:
    ride = a_ride(3600)
    is_stop = ride.t_s >= 2400
    steady = np.where(is_stop, 0.0, 200.0)
    stopped = replace(ride, watts=steady, speed=np.where(is_stop, 0.0, 8.0))
    activity_id = files.put("a.fit", fit(stopped))

    files.load()

    row = files.story.rows()[activity_id]
    assert row["moving_time_s"] == pytest.approx(2400, abs=1)
    assert row["weighted_average_watts"] == pytest.approx(200, abs=2)


def test_readings_that_no_rider_has_are_in_no_average_of_a_file(files: Files) -> None:
    ride = a_ride(600)
    spiked = np.where(ride.t_s == 300, 30_000.0, 200.0)
    activity_id = files.put("a.fit", fit(replace(ride, watts=spiked)))

    files.load()

    row = files.story.rows()[activity_id]
    assert (row["average_watts"], row["max_watts"]) == (200, 200)


def test_a_recording_without_good_seconds_has_no_weighted_power(files: Files) -> None:
    ride = a_ride(1200)
    assert ride.watts is not None
    gappy = replace(ride, watts=np.where(ride.t_s % 60 < 20, np.nan, ride.watts))
    activity_id = files.put("a.tcx", tcx(gappy))

    files.load()

    row = files.story.rows()[activity_id]
    assert row["average_watts"] == pytest.approx(200, abs=20)
    assert row["weighted_average_watts"] is None


def now_and_then(values: Any, every_s: int) -> Any:
    """A channel that has a value every so many seconds."""
    return np.where(np.arange(len(values)) % every_s == 0, values, np.nan)


@pytest.mark.parametrize("channels", ["speed", "distance", "positions"])
def test_a_device_that_tells_its_speed_now_and_then_moved_all_the_time(files: Files, channels: str) -> None:
    ride = a_ride(1201)
    assert ride.distance is not None
    assert ride.latitude is not None
    along = LYON[0] + np.degrees(ride.distance / 6_371_000)
    sparse: dict[str, Any] = {
        "speed": {"speed": now_and_then(ride.speed, 5)},
        "distance": {"speed": None, "distance": now_and_then(ride.distance, 5)},
        "positions": {
            "speed": None,
            "distance": None,
            "latitude": now_and_then(along, 5),
            "longitude": now_and_then(ride.longitude, 5),
        },
    }[channels]
    activity_id = files.put("a.fit", fit(replace(ride, **sparse)))

    files.load()

    row = files.story.rows()[activity_id]
    assert row["moving_time_s"] == pytest.approx(1200, abs=5)
    assert row["distance_m"] == pytest.approx(ride.distance[-1] - ride.distance[0], rel=0.01)


def test_gpx_and_tcx_become_activities_too(files: Files) -> None:
    ride = replace(a_ride(600), speed=None)
    assert ride.distance is not None
    by_gpx = files.put("a.gpx", gpx(replace(ride, distance=None)))
    by_tcx = files.put("b.tcx", tcx(replace(ride, start=day(1))))
    hike = gpx(replace(a_ride(600, day(2), power=False), altitude=None))
    by_foot = files.put("c.gpx", hike.replace(b"<trk>", b"<trk><type>hiking</type>"))

    files.load()

    rows = files.story.rows()
    assert [rows[key]["sport_type"] for key in (by_gpx, by_tcx, by_foot)] == ["Ride", "Ride", "Hike"]
    # Positions of 0.11 m a second are no motion: it counts as recorded on a trainer.
    assert rows[by_gpx]["moving_time_s"] == 599
    assert rows[by_tcx]["distance_m"] == pytest.approx(ride.distance[-1] - ride.distance[0], abs=0.1)


def test_a_pause_is_not_motion_and_does_not_weigh_in_averages(files: Files) -> None:
    ride = a_ride(600)
    assert ride.speed is not None
    assert ride.watts is not None
    still = (ride.t_s >= 200) & (ride.t_s < 300)
    later = np.where(ride.t_s >= 400, ride.t_s + 1000, ride.t_s)
    activity_id = files.put(
        "a.fit",
        fit(
            replace(
                ride,
                t_s=later,
                speed=np.where(still, 0, ride.speed),
                watts=np.where(still, 0, 200.0),
            )
        ),
    )

    files.load()

    row = files.story.rows()[activity_id]
    # One second more or less belongs to the sample before the pause.
    assert row["moving_time_s"] in (499, 500)
    assert row["elapsed_time_s"] == 1599
    assert row["average_watts"] == 200.0


def test_a_ride_in_a_virtual_world_is_at_home(files: Files) -> None:
    activity_id = files.put(
        "zwift.fit", fit(a_ride(600, place=(-11.6, 166.9)), sport=(2, 0), manufacturer=260)
    )
    indoors = files.put("rollers.fit", fit(a_ride(600, day(1), place=None), sport=(2, 6)))

    files.load(home="Europe/Berlin")

    rows = files.story.rows()
    assert (rows[activity_id]["sport_type"], rows[activity_id]["timezone"]) == (
        "VirtualRide",
        "Europe/Berlin",
    )
    assert (rows[indoors]["sport_type"], rows[indoors]["trainer"]) == ("Ride", True)


def test_numbers_beyond_reason_make_no_infinite_total(files: Files) -> None:
    heights = iter((b"<ele>-1.7e308<", b"<ele>1.7e308<"))
    content = re.sub(rb"<ele>[^<]*<", lambda cell: next(heights, cell[0]), gpx(a_ride(60, day(1))))
    activity_id = files.put("b.gpx", content)

    files.load()

    assert files.story.rows()[activity_id]["total_elevation_gain_m"] < 1_000


def test_a_distance_that_drops_out_counts_once(files: Files) -> None:
    ride = a_ride(60)
    assert ride.distance is not None
    distance = ride.distance.copy()
    distance[30] = 0
    activity_id = files.put("a.fit", fit(replace(ride, distance=distance)))

    files.load()

    covered = ride.distance[-1] - ride.distance[0]
    assert files.story.rows()[activity_id]["distance_m"] == pytest.approx(covered, abs=0.1)


def test_distances_of_several_activities_in_a_file_add_up(files: Files) -> None:
    first, second = a_ride(60), a_ride(60, START + timedelta(hours=1))
    activity = tcx(second).partition(b"<Activities>")[2].partition(b"</Activities>")[0]
    activity_id = files.put("two.tcx", tcx(first).replace(b"</Activities>", activity + b"</Activities>"))

    files.load()

    row = files.story.rows()[activity_id]
    assert first.distance is not None
    assert row["distance_m"] == pytest.approx(2 * first.distance[-1] - first.distance[0], abs=0.1)
    # The last second of the first activity stands for the pause.
    assert row["moving_time_s"] == 119


@pytest.mark.parametrize("step_s", [20, 60, 600])
def test_a_tracker_with_few_samples_is_in_motion_between_them(files: Files, step_s: int) -> None:
    times = np.arange(60.0) * step_s
    ride = replace(a_ride(60), t_s=times, distance=times * 8, speed=None)
    activity_id = files.put("tracker.tcx", tcx(ride))

    files.load()

    row = files.story.rows()[activity_id]
    assert row["moving_time_s"] == pytest.approx(times[-1], abs=step_s)
    assert row["average_speed_m_per_s"] == pytest.approx(8, rel=0.1)


def test_the_pause_of_a_tracker_is_no_motion(files: Files) -> None:
    times = np.arange(60.0) * 60
    times[30:] += 3600
    activity_id = files.put("tracker.tcx", tcx(replace(a_ride(60), t_s=times, speed=None)))

    files.load()

    assert files.story.rows()[activity_id]["moving_time_s"] < 3600
