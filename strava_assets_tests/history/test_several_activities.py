"""A file of several activities, of which each is one here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.archive.devices import START, Ride, a_ride, fit, gpx, tcx
from strava_assets_tests.archive.exports import day

if TYPE_CHECKING:
    from strava_assets_tests.history.file_imports import Files


def several(form: str, rides: list[Ride]) -> bytes:
    """One file of several rides, as training programs and some head units write it."""
    if form == "fit":
        return b"".join(map(fit, rides))
    write, tag = (tcx, b"Activities") if form == "tcx" else (gpx, b"metadata")
    first, *others = map(write, rides)
    end = b"</Activities>" if form == "tcx" else b"</gpx>"
    for other in others:
        inner = other.partition(b"<Activities>" if form == "tcx" else b"</metadata>")[2].partition(end)[0]
        first = first.replace(end, inner + end)
    assert tag in first
    return first


@pytest.mark.parametrize("form", ["fit", "gpx", "tcx"])
def test_the_rides_of_years_in_one_file_are_activities_of_their_own(files: Files, form: str) -> None:
    rides = [a_ride(120, day(days), seed=number) for number, days in enumerate((-800, 0, -400, 1))]
    files.put("history." + form, several(form, rides))

    report = files.load()

    rows = files.story.rows().values()
    assert (report.files, report.new, report.several) == (1, 4, {"history." + form: 4})
    assert sorted(row["start_date"] for row in rows) == sorted(ride.start for ride in rides)
    assert {row["elapsed_time_s"] for row in rows} == {119}
    assert {row["external_id"] for row in rows} == {"history." + form}
    assert report.rejected == {}
    assert len(files.story.streams.entries()) == 4


@pytest.mark.parametrize("processes", [1, 2])
def test_a_history_that_is_written_out_again_adds_only_what_is_new(files: Files, processes: int) -> None:
    rides = [a_ride(60, day(-number), seed=number) for number in range(4)]
    files.put("2024.tcx", several("tcx", rides[:2]))
    files.load(processes=processes)
    files.put("2026.tcx", several("tcx", rides))

    report = files.load(processes=processes)

    assert (report.new, report.stored_before, len(files.story.rows())) == (2, 4, 4)


def test_tracks_with_a_pause_between_them_are_one_ride(files: Files) -> None:
    rides = [a_ride(60), a_ride(60, START + timedelta(hours=2), seed=1)]
    activity_id = files.put("lunch.gpx", several("gpx", rides))

    report = files.load()

    assert (report.new, report.several, list(files.story.rows())) == (1, {}, [activity_id])


def test_a_history_that_is_cut_short_costs_its_last_ride_only(files: Files) -> None:
    rides = [a_ride(60, day(-number), seed=number) for number in range(3)]
    files.put("history.tcx", several("tcx", rides)[:-2000])

    report = files.load()

    assert report.new == 3
    assert list(report.repaired) == ["history.tcx (1 of 3)"]
    assert "damaged after" in report.repaired["history.tcx (1 of 3)"]


def test_a_file_that_was_imported_as_one_activity_is_not_counted_again(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put("history.tcx", several("tcx", [a_ride(60), a_ride(60, START + timedelta(days=1))]))
    with monkeypatch.context() as earlier:
        earlier.setattr("strava_assets.history.file_import.split_activities", lambda _: [])
        files.load()

    report = files.load()

    assert (report.new, report.stored_before, len(files.story.rows())) == (0, 1, 1)


def test_more_tracks_than_a_life_has_are_refused(files: Files) -> None:
    files.put("hostile.gpx", b"<gpx>" + b"<trk></trk>" * 10_001 + b"</gpx>")

    assert "more than 10,000 activities" in files.load().rejected["hostile.gpx"]
