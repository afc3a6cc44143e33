"""Every asset check is seen to pass on a sound history and to fail on a tampered one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.definitions import build_defs
from strava_assets.settings import Settings
from strava_assets_tests.chain import chain, copy_home, riding
from strava_assets_tests.checks.tampering import every

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain, Run

TAMPERINGS = every()
SPECS = {
    (spec.asset_key.to_user_string(), spec.name): spec
    for definition in build_defs(Settings()).asset_checks or ()
    for spec in getattr(definition, "check_specs", ())
}


@pytest.fixture(scope="module")
def platform(a_loaded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """One platform for all tests; its home is put back before each of them by `loaded`."""
    home = copy_home(a_loaded_home, tmp_path_factory.mktemp("checked") / "home")
    with chain(home, riding(), streams="power") as running:
        yield running


@pytest.fixture
def loaded(platform: Chain, a_loaded_home: Path) -> Chain:
    """The platform, with a home in which nothing is wrong."""
    shutil.rmtree(platform.home)
    copy_home(a_loaded_home, platform.home)
    return platform


@pytest.fixture(scope="module")
def sound(platform: Chain, a_loaded_home: Path) -> Run:
    """All checks, run over a history in which nothing is wrong."""
    shutil.rmtree(platform.home)
    copy_home(a_loaded_home, platform.home)
    return platform.check(*SPECS)


def test_every_check_has_a_test_in_which_it_fails() -> None:
    assert TAMPERINGS.keys() == SPECS.keys()


@pytest.mark.parametrize("name", SPECS, ids=".".join)
def test_a_check_passes_on_a_sound_history(sound: Run, name: tuple[str, str]) -> None:
    result = sound.checks()[name]

    assert result.passed, result.description
    assert {"measured", "threshold"} <= result.metadata.keys()
    assert result.description


@pytest.mark.parametrize("name", TAMPERINGS, ids=".".join)
def test_a_check_fails_on_what_it_is_there_for(loaded: Chain, name: tuple[str, str]) -> None:
    TAMPERINGS[name](loaded)

    run = loaded.check(name)

    result = run.checks()[name]
    assert not result.passed
    assert result.blocking is SPECS[name].blocking
    assert isinstance(result.metadata["measured"], dg.FloatMetadataValue | dg.IntMetadataValue)
    assert isinstance(result.metadata["threshold"], dg.TextMetadataValue)
    assert result.metadata["measured"].value != float(result.metadata["threshold"].value)
    # Only an error stops what is downstream, so what blocks must be one.
    if SPECS[name].blocking:
        assert result.severity is dg.AssetCheckSeverity.ERROR


def test_offenders_are_listed_with_a_link_to_strava(loaded: Chain) -> None:
    TAMPERINGS["bq_activities", "plausible_power"](loaded)

    result = loaded.check(("bq_activities", "plausible_power")).checks()["bq_activities", "plausible_power"]

    [ride] = loaded.rows("SELECT activity_id AS id FROM bq_activities WHERE average_watts = 600")
    assert f"[{ride['id']}](https://www.strava.com/activities/{ride['id']})" in str(
        result.metadata["rows"].value
    )
    assert result.metadata["measured"].value == 1


def test_both_recordings_of_one_ride_are_listed_with_their_links(loaded: Chain) -> None:
    TAMPERINGS["weekly_watts", "no_double_recordings"](loaded)

    result = loaded.check(("weekly_watts", "no_double_recordings")).checks()[
        "weekly_watts", "no_double_recordings"
    ]

    [ride] = loaded.rows("SELECT MIN(activity_id) AS id FROM bq_activities WHERE device_watts")
    for listed in (ride["id"], f"{ride['id']}1"):
        assert f"[{listed}](https://www.strava.com/activities/{listed})" in str(result.metadata["rows"].value)
    assert result.severity is dg.AssetCheckSeverity.WARN


def test_a_name_with_a_bar_does_not_break_the_table_of_offenders(loaded: Chain) -> None:
    loaded.tamper("UPDATE bq_activities SET activity_date = current_date + 3, name = 'Up | and\ndown'")

    result = loaded.check(("bq_activities", "no_future_dates")).checks()["bq_activities", "no_future_dates"]

    table = str(result.metadata["rows"].value).splitlines()
    assert "Up \\| and down" in table[2]
    # Twenty rows are listed below two header lines; all rows are counted.
    assert len(table) == 22
    assert result.metadata["measured"].value == 100


def test_a_table_of_an_earlier_version_is_not_a_broken_check(loaded: Chain) -> None:
    loaded.tamper("ALTER TABLE activity_streams DROP COLUMN elapsed_s")

    name = ("activity_streams", "recordings_agree")

    assert loaded.check(name).checks()[name].passed


def test_a_column_of_a_foreign_type_is_a_finding_and_not_a_broken_check(loaded: Chain) -> None:
    loaded.tamper("ALTER TABLE bq_activities ADD COLUMN odd INTERVAL")

    run = loaded.check(("bq_activities", "schema_as_registered"), ("bq_activities", "ids_unique"))

    results = run.checks()
    assert not results["bq_activities", "schema_as_registered"].passed
    assert "odd is INTERVAL" in str(results["bq_activities", "schema_as_registered"].description)
    assert results["bq_activities", "ids_unique"].passed
