"""Gear, totals, laps, splits, efforts, zones, kudos and comments: all of them say what the activities say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.recording import RecordedSamples, samples_of
from strava_assets.sandbox.sections import every
from strava_assets.sandbox.sports import RIDES, RUNS

if TYPE_CHECKING:
    from strava_assets_tests.sandbox.caller import Caller, Calling, HandClock

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def examples(sandbox: Sandbox) -> list[dict[str, Any]]:
    """One recorded activity of each sport, and one with long pauses."""
    recorded = [
        r
        for r in sandbox.history.records()
        if not r["manual"] and (r["has_heartrate"] or r.get("device_watts") or r["start_latlng"])
    ]
    by_sport = {r["sport_type"]: r for r in recorded}
    paused = next(r for r in recorded if r["elapsed_time"] > r["moving_time"] + 900 and r["distance"])
    return [*by_sport.values(), paused]


def test_the_distance_of_gear_is_that_of_its_activities(caller: Caller, sandbox: Sandbox) -> None:
    athlete = caller.get("/athlete").json()
    records = sandbox.history.records()
    assert len(athlete["bikes"] + athlete["shoes"]) == 8
    for item in athlete["bikes"] + athlete["shoes"]:
        distance_m = sum(r["distance"] for r in records if r["gear_id"] == item["id"])
        assert item["distance"] == pytest.approx(distance_m, abs=0.06)
        assert item["converted_distance"] == pytest.approx(distance_m / 1000, abs=0.06)
        detail = caller.get(f"/gear/{item['id']}").json()
        assert detail["distance"] == item["distance"]
        assert ("frame_type" in detail) == item["id"].startswith("b")
        used = next((r for r in records if r["gear_id"] == item["id"]), None)
        if used:
            assert caller.get(f"/activities/{used['id']}").json()["gear"] == item


def test_an_edit_changes_the_distance_of_gear(call: Calling) -> None:
    sandbox = Sandbox()
    ride = sandbox.history.add(gear_id="b77", distance=10_000.0)
    sandbox.history.add(gear_id="b77", distance=5_000.0, sport_type="MountainBikeRide", visibility="only_me")
    with call(sandbox) as caller:
        mountain_bike = caller.get("/gear/b77").json()
        sandbox.history.edit(ride, gear_id="b78")
        assert (mountain_bike["distance"], mountain_bike["frame_type"]) == (15_000, 1)
        assert caller.get("/gear/b77").json()["distance"] == 5_000
        sandbox.history.delete(ride)
        assert caller.get("/gear/b78").status_code == 404


def test_totals_are_the_sums_of_what_everyone_may_see(call: Calling, clock: HandClock) -> None:
    sandbox = Sandbox(clock=clock)
    add = sandbox.history.add
    add(start_date="2026-11-20T08:00:00Z", distance=20_000.0, moving_time=3_000, achievement_count=3)
    add(start_date="2026-01-01T08:00:00Z", distance=90_000.0, total_elevation_gain=800.0)
    add(start_date="2025-12-31T23:30:00Z", distance=1_000.0)  # 00:30 of the new year in Paris
    add(start_date="2025-06-01T08:00:00Z", distance=50_000.0, elev_high=700.0, elev_low=100.0)
    add(start_date="2026-11-21T08:00:00Z", distance=70_000.0, visibility="followers_only")
    add(start_date="2026-11-21T09:00:00Z", distance=70_000.0, sport_type="EBikeRide")
    add(start_date="2026-11-22T08:00:00Z", distance=10_000.0, sport_type="TrailRun")
    add(start_date="2026-10-01T08:00:00Z", distance=2_000.0, sport_type="Swim")
    with call(sandbox) as caller:
        stats = caller.get(f"/athletes/{sandbox.athlete['id']}/stats").json()
    assert stats["recent_ride_totals"] == {
        "count": 1,
        "distance": 20_000.0,
        "moving_time": 3_000,
        "elapsed_time": 3_060,
        "elevation_gain": 240.0,
        "achievement_count": 3,
    }
    counts = {name: (t["count"], t["distance"]) for name, t in stats.items() if name.endswith("totals")}
    assert counts == {
        "recent_ride_totals": (1, 20_000),
        "ytd_ride_totals": (3, 111_000),
        "all_ride_totals": (4, 161_000),
        "recent_run_totals": (1, 10_000),
        "ytd_run_totals": (1, 10_000),
        "all_run_totals": (1, 10_000),
        "recent_swim_totals": (0, 0),
        "ytd_swim_totals": (1, 2_000),
        "all_swim_totals": (1, 2_000),
    }
    assert stats["biggest_ride_distance"] == 90_000
    assert stats["biggest_climb_elevation_gain"] == 240


def test_laps_and_splits_add_up_to_the_activity(
    caller: Caller, sandbox: Sandbox, examples: list[dict[str, Any]]
) -> None:
    for record in examples:
        samples = samples_of(record, sandbox.history.outing(record["id"]))
        assert samples is not None
        detail = caller.get(f"/activities/{record['id']}").json()
        assert detail["laps"] == caller.get(f"/activities/{record['id']}/laps").json()
        for parts in (detail["laps"], detail["splits_metric"], detail["splits_standard"]):
            if samples.distance_m is None and parts is not detail["laps"]:
                assert parts == []
                continue
            assert sum(p["moving_time"] for p in parts) == int(samples.moving.sum())
            assert sum(p["elapsed_time"] for p in parts) == samples.time_s[-1] + 1
            covered = 0.0 if samples.distance_m is None else samples.distance_m[-1]
            assert sum(p["distance"] for p in parts) == pytest.approx(covered, abs=0.1 * len(parts))
        for one, next_one in pairwise(detail["laps"]):
            assert next_one["start_index"] == one["end_index"] + 1
        assert [split["split"] for split in detail["splits_metric"]] == [
            *range(1, len(detail["splits_metric"]) + 1)
        ]
        if record["sport_type"] in RUNS:
            assert len(detail["laps"]) == -(-record["distance"] // 1_000)


def test_a_full_split_is_as_long_as_its_name_says(
    caller: Caller, sandbox: Sandbox, examples: list[dict[str, Any]]
) -> None:
    for record in (
        r for r in examples if r["distance"] > 5_000 and samples_of(r, sandbox.history.outing(r["id"]))
    ):
        detail = caller.get(f"/activities/{record['id']}").json()
        for name, length_m in (("splits_metric", 1_000), ("splits_standard", 1_609.344)):
            for split in detail[name][:-1]:
                assert split["distance"] == pytest.approx(length_m, abs=25)


def test_a_pause_belongs_to_the_lap_before_it() -> None:
    time_s = np.array([0, 1, 2, 60, 61, 62])
    empty = dict.fromkeys(("speed_mps", "altitude_m", "heartrate_bpm", "cadence_rpm", "watts"))
    samples = RecordedSamples(time_s, np.ones(6, bool), np.array([5.0, 10, 15, 20, 25, 30]), **empty)
    sections = every(samples, 15)
    assert [(s.first, s.end, s.elapsed_s, s.moving_s, s.distance_m) for s in sections] == [
        (0, 3, 60, 3, 15.0),
        (3, 6, 3, 3, 15.0),
    ]


def test_best_efforts_are_the_shortest_times_of_runs(
    caller: Caller, sandbox: Sandbox, examples: list[dict[str, Any]]
) -> None:
    for record in examples:
        efforts = caller.get(f"/activities/{record['id']}").json()["best_efforts"]
        if record["sport_type"] not in RUNS:
            assert efforts == []
            continue
        samples = samples_of(record, sandbox.history.outing(record["id"]))
        assert samples is not None
        assert samples.distance_m is not None
        assert [e["name"] for e in efforts][:3] == ["400m", "1/2 mile", "1K"]
        assert efforts[-1]["distance"] <= samples.distance_m[-1]
        for effort in efforts[:4]:
            # By brute force: from each second, the first one that is far enough.
            before = np.concatenate(([0.0], samples.distance_m[:-1]))
            shortest = min(
                samples.time_s[end] + 1 - samples.time_s[first]
                for first in range(len(samples))
                if (end := int(np.searchsorted(samples.distance_m, before[first] + effort["distance"])))
                < len(samples)
            )
            assert effort["elapsed_time"] == shortest


def test_manual_entries_have_neither_laps_nor_zones(caller: Caller, sandbox: Sandbox) -> None:
    manual = next(r for r in sandbox.history.records() if r["manual"])
    detail = caller.get(f"/activities/{manual['id']}").json()
    assert (detail["laps"], detail["splits_metric"], detail["best_efforts"]) == ([], [], [])
    assert caller.get(f"/activities/{manual['id']}/zones").json() == []


def test_the_athletes_zones_are_shares_of_the_days_figures(call: Calling, clock: HandClock) -> None:
    sandbox = Sandbox.sample(today=TODAY, clock=clock)
    with call(sandbox) as caller:
        zones = caller.get("/athlete/zones").json()
        ftp_w = caller.get("/athlete").json()["ftp"]
    power, heart = zones["power"]["zones"], zones["heart_rate"]["zones"]
    assert [zone["max"] for zone in power] == [
        *(round(share * ftp_w) for share in (0.55, 0.75, 0.9, 1.05, 1.2, 1.5)),
        -1,
    ]
    assert all(below["max"] + 1 == above["min"] for below, above in pairwise(power))
    assert [zone["max"] for zone in heart] == [111, 147, 164, 182, -1]
    assert all(below["max"] == above["min"] for below, above in pairwise(heart))


def test_the_figures_are_those_of_the_day() -> None:
    sandbox = Sandbox.sample(today=TODAY)
    watts = {sandbox.figures.on(day).ftp_w for day in (date(2020, 1, 1), date(2023, 6, 1), TODAY)}
    assert len(watts) == 3
    assert sandbox.athlete["ftp"] == sandbox.figures.on(TODAY).ftp_w
    replayed = Sandbox.many(5)
    highest = max(r["max_heartrate"] for r in replayed.history.records())
    assert replayed.figures.on(TODAY) == (replayed.athlete["ftp"], highest)


def test_every_measured_second_is_in_one_zone(
    caller: Caller, sandbox: Sandbox, examples: list[dict[str, Any]]
) -> None:
    measured = 0
    for record in examples:
        samples = samples_of(record, sandbox.history.outing(record["id"]))
        assert samples is not None
        zones = {zone["type"]: zone for zone in caller.get(f"/activities/{record['id']}/zones").json()}
        channels = {"heartrate": samples.heartrate_bpm, "power": samples.watts}
        assert zones.keys() == {name for name, values in channels.items() if values is not None}
        for name, zone in zones.items():
            values = channels[name]
            assert values is not None
            assert sum(b["time"] for b in zone["distribution_buckets"]) == np.isfinite(values).sum()
            measured += 1
        if "power" in zones:
            zeros = zones["power"]["distribution_buckets"][0]
            assert (zeros["min"], zeros["max"], zeros["time"]) == (
                0,
                0,
                int(np.count_nonzero(samples.watts == 0)),
            )
    assert measured > 5


def test_there_are_as_many_kudos_and_comments_as_the_summary_says(caller: Caller, sandbox: Sandbox) -> None:
    records = sandbox.history.records()
    most = max(records, key=lambda r: r["comment_count"])
    for record in (most, *records[:5]):
        path = f"/activities/{record['id']}"
        assert len(caller.get(f"{path}/kudos", per_page=200).json()) == record["kudos_count"]
        comments = caller.get(f"{path}/comments").json()
        assert len(comments) == record["comment_count"]
        assert {comment["activity_id"] for comment in comments} <= {record["id"]}
        ended_at = datetime.fromisoformat(record["start_date"]).timestamp() + record["elapsed_time"]
        assert all(datetime.fromisoformat(c["created_at"]).timestamp() > ended_at for c in comments)


def test_comments_come_by_page_or_by_cursor(caller: Caller, sandbox: Sandbox) -> None:
    record = max(sandbox.history.records(), key=lambda r: r["comment_count"])
    path = f"/activities/{record['id']}/comments"
    everything = caller.get(path).json()
    assert len(everything) >= 3
    assert caller.get(path, page=2, per_page=2).json() == everything[2:4]
    first = caller.get(path, page_size=2).json()
    assert first == everything[:2]
    assert caller.get(path, page_size=2, after_cursor=first[-1]["cursor"]).json() == everything[2:4]
    assert caller.get(path, after_cursor="unknown").json() == []
    assert caller.get(path, page_size=0).status_code == 400


def test_clubs_are_those_of_the_profile(caller: Caller) -> None:
    clubs = caller.get("/athlete/clubs").json()
    assert clubs == caller.get("/athlete").json()["clubs"]
    assert len(clubs) == 2
    assert caller.get("/athlete/clubs", per_page=1, page=2).json() == clubs[1:]


def test_manual_entries_have_todays_form_and_some_the_older_one(sandbox: Sandbox) -> None:
    manual = [r for r in sandbox.history.records() if r["manual"]]
    forms = [(r["start_latlng"], r["end_latlng"], r["map"]["summary_polyline"]) for r in manual]
    older = forms.count((None, None, None))
    assert forms.count(([], [], "")) + older == len(manual)
    assert 0 < older < len(manual) / 2
    assert {r["max_speed"] for r in manual} == {0.0}


def test_no_counter_follows_from_another(sandbox: Sandbox) -> None:
    records = [r for r in sandbox.history.records() if r["pr_count"]]
    names = ("kudos_count", "comment_count", "total_photo_count", "achievement_count", "pr_count")
    for name in names:
        for other in names:
            if name != other:
                by_other: dict[int, set[int]] = {}
                for record in records:
                    by_other.setdefault(record[other], set()).add(record[name])
                assert max(map(len, by_other.values())) > 1, (name, other)
    assert all(r["achievement_count"] >= r["pr_count"] for r in records)


def test_rides_outdoors_have_several_laps_and_indoors_one(caller: Caller, sandbox: Sandbox) -> None:
    rides = [r for r in sandbox.history.records() if r["sport_type"] in RIDES and r["distance"] > 25_000]
    outdoors = next(r for r in rides if not r["trainer"])
    indoors = next(r for r in rides if r["trainer"])
    assert len(caller.get(f"/activities/{outdoors['id']}/laps").json()) > 2
    (lap,) = caller.get(f"/activities/{indoors['id']}/laps").json()
    started_at = datetime.fromisoformat(lap["start_date"]).astimezone(UTC)
    assert started_at == datetime.fromisoformat(indoors["start_date"])
    assert lap["average_watts"] == pytest.approx(indoors["average_watts"], abs=2)
