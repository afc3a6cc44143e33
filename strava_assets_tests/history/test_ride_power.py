"""Power from streams over time: new and changed rides are computed, deleted ones removed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from strava_assets.history import recording_inputs, ride_power
from strava_assets.history.ride_power import RidePowerReport, compute_ride_power
from strava_assets.power.durations import DURATIONS_S
from strava_assets.power.measure import measure
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
from strava_assets.streams import StreamEntry, StreamStore, from_channels
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets_tests.history.stories import activity

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.history.stories import Story

WHOLE_RIDE_S = 1500
FIGURES = {"athlete_id": "7", "valid_from": date(2025, 1, 1), "ftp_w": 250.0}
HEART = {"max_heartrate_bpm": 190.0, "threshold_heartrate_bpm": 170.0, "resting_heartrate_bpm": 50.0}


class Rides:
    """A story whose rides have streams."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story = story
        self.warehouse = story.warehouse
        self.store = StreamStore(str(folder / "streams"))
        self.lines: list[str] = []

    def land(self, *ids: int, **fields: Any) -> None:
        self.story.sync([activity(number, **fields) for number in ids])

    def keep(self, *ids: int, watts: float = 200.0, seconds: int = WHOLE_RIDE_S, **fields: Any) -> None:
        """Store recordings, each a little different."""
        with self.store.writer() as writer:
            for number in ids:
                channels = {
                    "t_s": np.arange(seconds),
                    "watts": np.full(seconds, watts + number % 7),
                    "heartrate_bpm": np.full(seconds, 150.0),
                }
                usual: dict[str, Any] = {"status": "stored", "source": "api", "fetched_at": self.story.now}
                entry = StreamEntry("7", str(number), 2026, fingerprint="f", **(usual | fields))
                writer.add(entry, from_channels("7", str(number), channels))

    def figures(self, *rows: dict[str, Any]) -> None:
        table = pa.Table.from_pylist(list(rows), schema=arrow_schema(ATHLETE_PROFILE.columns))
        self.warehouse.replace(ATHLETE_PROFILE, table)

    def compute(self) -> RidePowerReport:
        self.story.wait(hours=1)
        return compute_ride_power(self.warehouse, self.store, self.story.now, progress=self.lines.append)

    def power(self) -> dict[str, dict[str, Any]]:
        rows = self.warehouse.query("SELECT * FROM ride_power").to_pylist()
        return {row["activity_id"]: row for row in rows}

    def bests(self, activity_id: int) -> list[dict[str, Any]]:
        bests: list[dict[str, Any]] = self.warehouse.query(
            "SELECT * FROM ride_bests WHERE activity_id = @id ORDER BY duration_s", {"id": str(activity_id)}
        ).to_pylist()
        return bests


@pytest.fixture
def rides(story: Story, tmp_path: Path) -> Rides:
    return Rides(story, tmp_path)


def counts(report: RidePowerReport) -> tuple[int, int, int]:
    return report.computed, report.unchanged, report.removed


def test_a_ride_gets_its_row_and_its_bests(rides: Rides) -> None:
    rides.land(1)
    rides.keep(1)
    rides.figures(FIGURES | HEART)

    report = rides.compute()

    assert counts(report) == (1, 0, 0)
    assert report.recorded_s == WHOLE_RIDE_S
    wanted = measure(
        np.arange(WHOLE_RIDE_S),
        np.full(WHOLE_RIDE_S, 201.0),
        np.full(WHOLE_RIDE_S, 150.0),
        ftp_w=250,
        threshold_heartrate_bpm=170,
    )
    [row] = rides.power().values()
    assert row["normalized_power_w"] == wanted.normalized_power_w == 201
    assert row["tss"] == wanted.tss
    assert row["quality"] == "good"
    assert row["source"] == "api"
    assert row["computed_at"] == rides.story.now
    assert row["best_1200s_w"] == 201
    assert row["best_3600s_w"] is None
    zones = [row[f"power_zone_{zone}_s"] for zone in range(1, 8)]
    assert zones == [0, 0, WHOLE_RIDE_S, 0, 0, 0, 0]
    assert [row[f"heartrate_zone_{zone}_s"] for zone in range(1, 6)] == [0, 0, WHOLE_RIDE_S, 0, 0]
    bests = rides.bests(1)
    assert [best["duration_s"] for best in bests] == DURATIONS_S[DURATIONS_S <= WHOLE_RIDE_S].tolist()
    assert all(best["energy_j"] == 201 * best["duration_s"] for best in bests)
    assert {best["watts"] for best in bests} == {201.0}


def test_a_second_run_computes_nothing(rides: Rides) -> None:
    rides.land(1, 2, 3)
    rides.keep(1, 2, 3)
    rides.compute()
    before = rides.power()

    report = rides.compute()

    assert counts(report) == (0, 3, 0)
    assert rides.power() == before


def test_a_changed_ftp_concerns_the_rides_of_its_days(rides: Rides) -> None:
    rides.land(1, 2, 3)
    rides.keep(1, 2, 3)
    rides.figures(FIGURES)
    rides.compute()

    # The rides are of the 2nd, 3rd and 4th of January.
    rides.figures(FIGURES, FIGURES | {"valid_from": date(2026, 1, 3), "ftp_w": 300.0})
    report = rides.compute()

    assert counts(report) == (2, 1, 0)
    assert {number: row["ftp_w"] for number, row in rides.power().items()} == {"1": 250, "2": 300, "3": 300}
    assert rides.power()["3"]["intensity_factor"] == pytest.approx(203 / 300)


def test_a_weight_concerns_the_bests_after_work(rides: Rides) -> None:
    rides.land(1)
    rides.keep(1)
    rides.figures(FIGURES)
    rides.compute()

    rides.figures(FIGURES | {"weight_kg": 20.0})

    assert counts(rides.compute()) == (1, 0, 0)
    rows = rides.warehouse.query("SELECT * FROM ride_bests_after_work ORDER BY duration_s").to_pylist()
    # 301.5 kJ in all; 10 kJ/kg are 200 kJ, after 996 seconds.
    assert {(row["work_basis"], row["after_work"]) for row in rows} == {("kj_per_kg", 10)}
    assert [row["duration_s"] for row in rows] == [5, 15, 30, 60, 120, 300]
    assert {(row["watts"], row["begins_at_s"]) for row in rows} == {(201.0, 996)}


def test_a_cropped_ride_loses_the_bests_it_no_longer_has(rides: Rides) -> None:
    rides.land(1, 2)
    rides.keep(1, 2)
    rides.compute()
    rides.story.wait(hours=1)

    rides.keep(1, watts=300, seconds=100)
    report = rides.compute()

    assert counts(report) == (1, 1, 0)
    assert rides.bests(1)[-1]["duration_s"] == 98
    assert {best["watts"] for best in rides.bests(1)} == {301.0}
    assert rides.bests(2)[-1]["duration_s"] == max(DURATIONS_S[DURATIONS_S <= WHOLE_RIDE_S])


def test_a_deleted_activity_takes_its_rows_with_it(rides: Rides) -> None:
    rides.land(1, 2)
    rides.keep(1, 2)
    rides.compute()
    rides.story.wait(hours=1)

    rides.land(2)
    report = rides.compute()

    assert counts(report) == (0, 1, 1)
    assert rides.power().keys() == {"2"}
    assert rides.bests(1) == []
    assert rides.bests(2)


def test_an_activity_that_comes_back_is_computed_again(rides: Rides) -> None:
    rides.land(1, 2)
    rides.keep(1, 2)
    rides.compute()
    before = rides.power()["1"]
    rides.land(2)
    rides.compute()

    rides.land(1, 2)

    assert counts(rides.compute()) == (1, 1, 0)
    assert rides.power()["1"] | {"computed_at": None} == before | {"computed_at": None}


def test_power_that_strava_estimated_is_left_out(rides: Rides) -> None:
    rides.story.sync([activity(1), activity(2, device_watts=False), activity(3, device_watts=None)])
    rides.keep(1, 2, 3)

    # Where nothing is said of it, as in the bulk export, the recording itself is the measurement.
    assert counts(rides.compute()) == (3, 0, 0)
    assert rides.power().keys() == {"1", "3"}

    rides.story.sync([activity(1, device_watts=False), activity(2, device_watts=False), activity(3)])
    assert counts(rides.compute()) == (1, 2, 1)
    assert rides.power().keys() == {"3"}


def test_only_recordings_with_power_have_a_row_of_power(rides: Rides) -> None:
    rides.land(1, 2, 3)
    heart = {"t_s": np.arange(60), "heartrate_bpm": np.full(60, 120.0)}
    with rides.store.writer() as writer:
        usual: dict[str, Any] = {"source": "api", "fetched_at": rides.story.now, "fingerprint": "f"}
        writer.add(StreamEntry("7", "1", 2026, status="stored", **usual), from_channels("7", "1", heart))
        writer.add(StreamEntry("7", "2", 2026, status="none", **usual), None)

    assert counts(rides.compute()) == (1, 0, 0)
    assert rides.power() == {}


def test_the_archives_recording_takes_the_place_of_the_apis(rides: Rides) -> None:
    rides.land(1)
    rides.keep(1)
    rides.compute()

    rides.keep(1, source="archive", fetched_at=rides.story.now - timedelta(days=400))

    assert counts(rides.compute()) == (1, 0, 0)
    assert rides.power()["1"]["source"] == "archive"


def test_another_method_computes_everything_anew(rides: Rides, monkeypatch: pytest.MonkeyPatch) -> None:
    rides.land(1, 2)
    rides.keep(1, 2)
    rides.compute()

    monkeypatch.setattr(recording_inputs, "METHOD", "0")

    assert counts(rides.compute()) == (2, 0, 0)


def test_batches_are_written_one_by_one_and_a_stopped_run_goes_on(
    rides: Rides, monkeypatch: pytest.MonkeyPatch
) -> None:
    rides.land(*range(1, 8))
    rides.keep(*range(1, 8))
    monkeypatch.setattr(ride_power, "_BATCH_RECORDINGS", 3)
    measured = ride_power._measure
    calls = []

    def failing(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return measured(*arguments)

    monkeypatch.setattr(ride_power, "_measure", failing)
    with pytest.raises(KeyboardInterrupt):
        rides.compute()
    assert len(rides.power()) == 3

    report = rides.compute()

    assert counts(report) == (4, 3, 0)
    assert len(rides.power()) == 7
    assert rides.lines == [
        "Figures from seconds: 3 of 7 recordings",
        "Figures from seconds: 3 of 4 recordings",
        "Figures from seconds: 4 of 4 recordings",
    ]


def test_bests_without_their_ride_are_replaced_and_not_doubled(rides: Rides) -> None:
    """As a crash between two statements leaves them on an engine without transactions."""
    rides.land(1)
    rides.keep(1)
    rides.compute()
    before = rides.bests(1)
    rides.warehouse.execute("DELETE FROM ride_power WHERE TRUE")
    rides.warehouse.execute("UPDATE ride_bests SET energy_j = 7 WHERE duration_s > 60")

    rides.compute()

    assert rides.bests(1) == before


FIGURES_OF_THE_DAY = [
    ([], None, None),
    ([FIGURES | {"ftp_w": 29.0}], None, None),
    ([FIGURES | {"ftp_w": 701.0}], None, None),
    ([FIGURES | {"valid_to": date(2026, 1, 2)}], None, None),
    ([FIGURES | {"valid_to": date(2026, 1, 3)}], 250, None),
    ([FIGURES | {"valid_from": date(2026, 1, 3)}], None, None),
    ([FIGURES, FIGURES | {"valid_from": date(2026, 1, 2), "ftp_w": 260.0}], 260, None),
    ([FIGURES | HEART], 250, 170),
    ([FIGURES | HEART | {"threshold_heartrate_bpm": None}], 250, 50 + 0.85 * 140),
    ([FIGURES | HEART | {"threshold_heartrate_bpm": 195.0}], 250, 50 + 0.85 * 140),
    ([FIGURES | HEART | {"resting_heartrate_bpm": 19.0}], 250, None),
    ([FIGURES | HEART | {"max_heartrate_bpm": 251.0}], 250, None),
]


@pytest.mark.deep
@pytest.mark.parametrize(("rows", "ftp_w", "threshold_bpm"), FIGURES_OF_THE_DAY)
def test_figures_are_those_of_the_day_within_what_is_possible(
    rides: Rides, rows: list[dict[str, Any]], ftp_w: float | None, threshold_bpm: float | None
) -> None:
    rides.land(1)
    rides.keep(1)
    rides.figures(*rows)
    rides.compute()

    [row] = rides.power().values()
    assert row["ftp_w"] == ftp_w
    zone = None if threshold_bpm is None else 1 + sum(15_000 / threshold_bpm >= n for n in (68, 83, 94, 105))
    spent = {n: row[f"heartrate_zone_{n}_s"] for n in range(1, 6)}
    assert spent == ({n: None if zone is None else WHOLE_RIDE_S * (n == zone) for n in range(1, 6)})
