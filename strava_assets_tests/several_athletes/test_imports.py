"""Imports of exports that make one athlete several."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from strava_assets import wiring
from strava_assets.history.known_athletes import add_known_athletes
from strava_assets.landing.athlete_index import Athlete, AthleteIndex
from strava_assets_tests.archive.exports import Exported, day, packed, write_export
from strava_assets_tests.chain import ATHLETE, chain, riding

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = str(ATHLETE), "8"


def test_who_synced_with_pasted_tokens_stays_the_first_athlete_when_anothers_export_is_imported(
    tmp_path: Path,
) -> None:
    with chain(tmp_path / "home", riding(30)) as platform:
        assert platform.ingest().succeeded
        write_export(tmp_path / "unpacked", [Exported(101, day(-4))], "de", athlete=SECOND)
        archive = platform.settings().archive_folder
        archive.mkdir(parents=True)
        packed(tmp_path / "unpacked", archive / f"export_{SECOND}.zip", made_at=datetime.now(UTC))
        run = platform.run_assets(dg.AssetSelection.assets("archive_activities"))
        assert run.succeeded, run.failures()
        athletes = wiring.athlete_index(platform.settings()).athletes()
    assert [(athlete.athlete_id, athlete.logged_in) for athlete in athletes] == [
        (FIRST, True),
        (SECOND, False),
    ]


def test_whose_export_was_imported_before_the_first_sync_is_logged_in_after_it(tmp_path: Path) -> None:
    index, now = AthleteIndex(str(tmp_path)), datetime.now(UTC)
    index.put(Athlete(FIRST, now))
    with chain(tmp_path / "home", riding(30)) as platform:
        assert add_known_athletes(index, wiring.landing(platform.settings()), FIRST, now) == []
    athlete = index.athlete(FIRST)
    assert athlete
    assert athlete.logged_in
