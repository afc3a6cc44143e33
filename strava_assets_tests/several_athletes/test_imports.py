"""Imports of exports that make one athlete several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.history.known_athletes import add_known_athletes
from strava_assets.landing.athlete_index import Athlete, AthleteIndex
from strava_assets_tests.archive.exports import Exported, day, packed, write_export
from strava_assets_tests.chain import ATHLETE, Chain, chain, riding

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = str(ATHLETE), "8"


def import_export_of_second(platform: Chain, tmp_path: Path) -> None:
    write_export(tmp_path / "unpacked", [Exported(101, day(-4))], "de", athlete=SECOND)
    archive = platform.settings().archive_folder
    archive.mkdir(parents=True)
    packed(tmp_path / "unpacked", archive / f"export_{SECOND}.zip", made_at=datetime.now(UTC))
    run = platform.run_assets(dg.AssetSelection.assets("archive_activities"))
    assert run.succeeded, run.failures()


def athletes_of(platform: Chain) -> list[tuple[str, bool]]:
    athletes = wiring.athlete_index(platform.settings()).athletes()
    return [(athlete.athlete_id, athlete.logged_in) for athlete in athletes]


def test_who_synced_with_pasted_tokens_stays_the_first_athlete_when_anothers_export_is_imported(
    tmp_path: Path,
) -> None:
    with chain(tmp_path / "home", riding(30)) as platform:
        assert platform.ingest().succeeded
        import_export_of_second(platform, tmp_path)
        assert athletes_of(platform) == [(FIRST, True), (SECOND, False)]


@pytest.mark.parametrize("webhooks", [False, True])
def test_whose_tokens_are_pasted_after_anothers_import_is_listed_by_their_first_sync(
    tmp_path: Path, *, webhooks: bool
) -> None:
    with chain(tmp_path / "home", riding(30), webhooks=webhooks) as platform:
        import_export_of_second(platform, tmp_path)
        assert athletes_of(platform) == [(SECOND, False)]
        assert platform.ingest().succeeded
        assert athletes_of(platform) == [(SECOND, False), (FIRST, True)]


def test_a_lost_list_is_completed_where_there_are_several_athletes_alone(tmp_path: Path) -> None:
    with chain(tmp_path / "home", riding(30)) as platform:
        settings = platform.settings()
        assert platform.ingest().succeeded
        wiring.complete_index(settings)
        assert athletes_of(platform) == []
        platform.add_athlete(riding(30, int(SECOND)))
        (platform.home / "landing" / "athletes" / "index.json").unlink()
        wiring.complete_index(settings)
        assert athletes_of(platform) == [(FIRST, True), (SECOND, True)]
        # Who logs out stays logged out.
        index = wiring.athlete_index(settings)
        second = index.athlete(SECOND)
        assert second
        wiring.token_store(settings, second).clear()
        index.put(replace(second, logged_in=False))
        wiring.complete_index(settings)
        assert athletes_of(platform) == [(FIRST, True), (SECOND, False)]


def test_whose_export_was_imported_before_the_first_sync_is_logged_in_after_it(tmp_path: Path) -> None:
    index, now = AthleteIndex(str(tmp_path)), datetime.now(UTC)
    index.put(Athlete(FIRST, now))
    with chain(tmp_path / "home", riding(30)) as platform:
        assert add_known_athletes(index, wiring.landing(platform.settings()), FIRST, now) == []
    athlete = index.athlete(FIRST)
    assert athlete
    assert athlete.logged_in
