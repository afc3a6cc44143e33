"""`dg`, Dagster's command line for projects, works in this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strava_assets.definitions import build_defs
from strava_assets.settings import Settings
from strava_assets_tests.install.dg_command import dg_output

ROOT = Path(__file__).parents[2]


@pytest.mark.deep
def test_dg_check_defs_finds_nothing_wrong() -> None:
    assert "All definitions loaded successfully" in dg_output(ROOT, "check", "defs")


@pytest.mark.deep
def test_dg_list_defs_lists_every_asset_check_and_job() -> None:
    listed = json.loads(dg_output(ROOT, "list", "defs", "--json"))

    ours = build_defs(Settings())
    assert {asset["asset_key"] for asset in listed["assets"]} == {
        spec.key.to_user_string() for spec in ours.resolve_all_asset_specs()
    }
    assert len(listed["asset_checks"]) == len(ours.resolve_asset_graph().asset_check_keys)
    assert {job["name"] for job in listed["jobs"]} == {job.name for job in ours.jobs or ()}
