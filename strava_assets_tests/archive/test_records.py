"""A row in the API's shape: its units, measured and estimated watts, and nothing that is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.archive import Export, Facts, read_activities, record_of
from strava_assets.history.landed_records import Origin, read_record
from strava_assets_tests.archive.exports import Exported, write_export

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = Origin("archive", "b", datetime(2026, 11, 20, tzinfo=UTC))
METER, NO_METER = Facts(has_power=True), Facts(has_power=False)


@pytest.fixture
def record(tmp_path: Path) -> Any:
    """Makes the record of one activity."""

    def of(
        facts: Facts | None = None, *, sport: str = "", file: str = "activities/9.fit", **cells: str
    ) -> Any:
        named = {name.replace("_", " "): value for name, value in cells.items()}
        with Export(write_export(tmp_path, [Exported(1, cells=named, sport=sport, file=file)])) as export:
            [row] = read_activities(export)
            return record_of(row, "4711", facts, "Europe/Berlin")

    return of


WATTS = {"Average_Watts": "187.234", "Weighted_Average_Power": "201.0", "Max_Watts": "855.0"}


@pytest.mark.parametrize(
    ("facts", "cells", "measured"),
    [
        (METER, WATTS, True),
        (NO_METER, {"Average_Watts": "187.234"}, False),
        (NO_METER, {}, None),
        (None, WATTS, True),
        (None, {"Average_Watts": "187.234"}, False),
        (None, {"Average_Watts": "187.234", "Weighted_Average_Power": "0.0"}, False),
        (None, {}, None),
    ],
)
def test_whether_a_meter_measured(
    record: Any, facts: Facts | None, cells: dict[str, str], *, measured: bool | None
) -> None:
    made = record(facts, **cells)

    assert made.get("device_watts") is measured
    assert (
        ("weighted_average_watts" in made) is ("max_watts" in made) is (measured is True and cells == WATTS)
    )


def test_a_recording_without_power_does_not_overrule_what_only_a_meter_gives(record: Any) -> None:
    made = record(NO_METER, **WATTS)

    assert made["device_watts"] is True
    assert made["weighted_average_watts"] == 201


def test_work_is_mean_power_times_moving_time_as_in_the_api(record: Any) -> None:
    made = record(METER, **WATTS, Moving_Time="3500.0", Total_Work="655319.0")

    assert made["kilojoules"] == 655.3
    assert made["archive"]["Total Work"] == "655319.0"


def test_nought_where_a_sensor_was_missing_is_nothing(record: Any) -> None:
    made = record(
        None, Average_Heart_Rate="0.0", Max_Heart_Rate="0.0", Average_Watts="0.0", Average_Cadence="0.0"
    )

    assert not {
        "average_heartrate",
        "max_heartrate",
        "average_watts",
        "device_watts",
        "average_cadence",
    } & set(made)


def test_nought_that_is_a_value_stays(record: Any) -> None:
    made = record(None, Distance="0.0", Elevation_Gain="0.0", Average_Temperature="0.0")

    assert (made["distance"], made["total_elevation_gain"], made["average_temp"]) == (0.0, 0.0, 0.0)


def test_an_empty_cell_is_absent(record: Any) -> None:
    made = record(None, Distance="", Moving_Time="", Commute="")

    assert not {"distance", "moving_time", "commute", "gear_id", "total_elevation_gain"} & set(made)
    assert "" not in made["archive"].values()


def test_an_activity_typed_in_by_hand_is_manual(record: Any) -> None:
    assert record(None, file="")["manual"] is True
    assert record(None)["manual"] is False
    assert "upload_id" not in record(None, file="")
    assert record(None, file="activities/123.gpx.gz")["upload_id"] == 123


def test_gear_has_the_ids_that_the_api_gives(record: Any) -> None:
    assert record(None, Bike="1234567.0")["gear_id"] == "b1234567"
    assert record(None, Gear="89.0")["gear_id"] == "g89"


def test_the_local_clock_is_the_places_and_its_z_is_false(record: Any) -> None:
    made = record(Facts(has_power=False, timezone="Asia/Kathmandu"))

    assert made["start_date"] == "2026-03-02T07:30:00Z"
    assert made["start_date_local"] == "2026-03-02T13:15:00Z"
    assert made["utc_offset"] == 20_700.0
    assert made["timezone"] == "Asia/Kathmandu"


def test_a_ride_in_a_virtual_world_goes_by_the_devices_clock(record: Any) -> None:
    zwift = Facts(has_power=True, timezone="Pacific/Guadalcanal", utc_offset_s=3600)

    made = record(zwift, sport="Virtual Ride")

    assert made["sport_type"] == "VirtualRide"
    assert made["start_date_local"] == "2026-03-02T08:30:00Z"


def test_a_date_that_cannot_be_read_is_kept_as_it_is(record: Any) -> None:
    made = record(None, Activity_Date="in spring")

    assert made["start_date"] == "in spring"
    assert "start_date_local" not in made


def test_every_cell_is_in_a_field_or_kept_beside(record: Any) -> None:
    made = record(METER, **WATTS, Relative_Effort="77.0", Activity_Private_Note="tired", UV_Index="3.0")

    assert made["archive"] == {
        "Filename": "activities/9.fit",
        "Elapsed Time (shown)": "3600",
        "Distance (shown)": "30.00",
        "Relative Effort (shown)": "77",
        "Commute (shown)": "false",
        "Activity Private Note": "tired",
        "UV Index": "3.0",
    }


def test_a_record_becomes_a_row_like_the_apis(record: Any) -> None:
    made = record(
        METER, **WATTS, Average_Speed="8.1", Max_Speed="17.5", Elevation_Gain="612.5", Flagged="1.0"
    )

    row = read_record(made, ORIGIN)

    assert (row["activity_id"], row["athlete_id"], row["source"]) == ("1", "4711", "archive")
    assert (row["distance_m"], row["moving_time_s"], row["elapsed_time_s"]) == (30_000.5, 3500, 3600)
    assert (row["average_speed_m_per_s"], row["max_speed_m_per_s"]) == (8.1, 17.5)
    assert (row["average_watts"], row["weighted_average_watts"], row["max_watts"]) == (187.234, 201.0, 855.0)
    assert (row["device_watts"], row["flagged"], row["manual"]) == (True, True, False)
    assert row["timezone"] == "Europe/Berlin"
    assert row["utc_offset_s"] == 3600
    assert row["activity_date"].isoformat() == "2026-03-02"
    assert "Filename" in row["extra"]
