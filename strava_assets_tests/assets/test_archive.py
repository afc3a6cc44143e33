"""Import of the bulk export through the whole platform: without the API, with it, and without an export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.sandbox import Sandbox
from strava_assets_tests.archive.devices import a_ride
from strava_assets_tests.archive.exports import Exported, exported_ride, packed, write_export
from strava_assets_tests.chain import ATHLETE, chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain, Run

# Most tests share one import.
pytestmark = [pytest.mark.xdist_group("export"), pytest.mark.deep]

# More than an hour, so that there are best efforts over an hour.
SECONDS = 3_700
RIDES = 12
LAST = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=2)


def an_export(folder: Path) -> Path:
    """A dozen rides a week apart with a meter, one without, one typed in by hand, one with a broken file."""
    starts = [LAST - timedelta(days=7 * number) for number in range(RIDES)]
    activities = [
        exported_ride(number, a_ride(SECONDS, start, seed=number)) for number, start in enumerate(starts, 1)
    ]
    plain = a_ride(600, LAST - timedelta(days=3), power=False)
    activities += [
        exported_ride(101, plain, Average_Watts="150.0"),
        Exported(102, LAST - timedelta(days=4)),
        Exported(103, LAST - timedelta(days=5), "activities/103.fit.gz", b"broken"),
    ]
    write_export(folder / "unpacked", activities, "de", athlete=str(ATHLETE))
    return packed(folder / "unpacked", folder / f"export_{ATHLETE}.zip", made_at=LAST + timedelta(days=1))


@pytest.fixture(scope="module")
def without_the_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Run]]:
    """A home with an export only; Strava refuses every request."""
    home = tmp_path_factory.mktemp("archived") / "home"
    sandbox = Sandbox(athlete={"id": ATHLETE})
    sandbox.tokens.revoke()
    with chain(home, sandbox, streams="power") as platform:
        (home / "archive").mkdir(parents=True)
        an_export(tmp_path_factory.mktemp("export")).rename(home / "archive" / f"export_{ATHLETE}.zip")
        yield platform, platform.run("import_archive")


def test_an_export_alone_goes_all_the_way_to_the_page(without_the_api: tuple[Chain, Run]) -> None:
    platform, run = without_the_api

    assert run.succeeded, run.failures()
    assert platform.settings().report_target
    assert "insights_report" in run.materialized()
    [weeks] = platform.rows(
        "SELECT SUM(rides) AS rides, SUM(power_rides) AS power_rides, COUNT(average_watts) AS measured "
        "FROM weekly_watts"
    )
    assert weeks == {"rides": RIDES + 3, "power_rides": RIDES, "measured": RIDES}
    assert not [table for table in run.materialized() if table == "raw_activities"]


def test_power_from_its_seconds_reaches_the_marts(without_the_api: tuple[Chain, Run]) -> None:
    platform, _ = without_the_api

    rides = platform.rows("SELECT activity_id, normalized_power_w FROM ride_power ORDER BY activity_id")
    assert len(rides) == RIDES
    assert all(190 < ride["normalized_power_w"] < 230 for ride in rides)
    [curve] = platform.rows(
        "SELECT watts FROM power_curve WHERE period_kind = 'all_time' AND duration_s = 1200"
    )
    assert 190 < curve["watts"] < 230


def test_the_export_is_a_source_with_a_data_version(without_the_api: tuple[Chain, Run]) -> None:
    platform, _ = without_the_api

    [record] = platform.instance.fetch_observations(dg.AssetKey("bulk_export"), limit=2).records

    assert record.asset_observation is not None
    made_at = LAST + timedelta(days=1)
    assert record.asset_observation.tags["dagster/data_version"] == f"{made_at:%Y-%m-%dT%H:%M:%SZ}"


def test_the_ui_shows_what_an_import_came_to(without_the_api: tuple[Chain, Run]) -> None:
    _, run = without_the_api

    metadata = run.materialized()["archive_activities"]

    expected = {
        "activities": RIDES + 3,
        "added": RIDES + 3,
        "changed": 0,
        "unchanged": 0,
        "recordings_decoded": RIDES + 1,
        "recordings": RIDES + 1,
        "without_recording": 1,
        "set_aside": 1,
        "unknown_types": 0,
        "language": "German",
        "athlete": str(ATHLETE),
    }
    assert {name: metadata[name] for name in expected} == expected
    assert "103.fit.gz" in metadata["set_aside_files"]
    check = run.checks()["archive_activities", "recordings_read"]
    assert not check.passed
    assert "it is neither FIT nor GPX nor TCX" in str(check.metadata["rows"].value)
    assert run.checks()["archive_activities", "imports_finished"].passed


def test_the_api_is_asked_for_nothing_that_the_export_gave(tmp_path: Path) -> None:
    sandbox = riding(60)
    sandbox.limits = None
    records = sandbox.history.records()
    power = [record for record in records if record.get("device_watts")]
    rides = [
        exported_ride(record["id"], a_ride(600, datetime.fromisoformat(record["start_date"])))
        for record in power[:5]
    ]
    write_export(tmp_path / "home" / "archive" / "unpacked", rides, athlete=str(ATHLETE))
    alone = dg.AssetSelection.assets("archive_activities") - dg.AssetSelection.all_asset_checks()

    with chain(tmp_path / "home", sandbox, streams="power") as platform:
        ops = {"archive_activities": {"export": "unpacked", "processes": 1}}
        assert platform._run_selection(alone, ops).succeeded
        assert platform.compute().succeeded
        sources = platform.rows("SELECT source, COUNT(*) AS n FROM activity_streams GROUP BY source")
        rows = platform.rows("SELECT source, COUNT(*) AS n FROM bq_activities GROUP BY source")

    assert {row["source"]: row["n"] for row in sources} == {"archive": 5, "api": len(power) - 5}
    assert rows == [{"source": "api", "n": len(records)}]


@pytest.mark.parametrize(
    "name",
    ["../tokens.json", "/etc/passwd", "..", ".", "", {"env": "STRAVA_CLIENT_SECRET"}],
    ids=str,
)
def test_a_launch_reads_no_file_outside_the_archive_folder_and_tells_no_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | dict[str, str]
) -> None:
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", "canary")
    (tmp_path / "home" / "archive").mkdir(parents=True)
    alone = dg.AssetSelection.assets("archive_activities") - dg.AssetSelection.all_asset_checks()

    with chain(tmp_path / "home", riding(9)) as platform:
        run = platform._run_selection(alone, {"archive_activities": {"export": name}})
        events = str(run.result.all_events)

    failure = run.failures()["archive_activities"]
    assert str(tmp_path / "home" / "archive") in failure
    assert ("There is no export" if name == "" else "no export of the name given") in failure
    assert "canary" not in events


def test_without_a_path_and_an_export_the_failure_says_where_to_put_one(tmp_path: Path) -> None:
    with chain(tmp_path / "home", riding(9)) as platform:
        run = platform.run("import_archive")

    assert not run.succeeded
    failure = run.failures()["archive_activities"]
    assert f"There is no export_….zip in {tmp_path / 'home' / 'archive'}" in failure
    assert "What to do: Request your data from Strava" in failure
    assert run.retries() == 0
