"""Unmodified clients read the sandbox as they read Strava, and receive what its activities say."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

import gpxpy
import pytest

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from strava_assets.sandbox.sports import RIDES
from strava_assets_tests.sandbox.clients.conftest import HERE, document, tool

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.sandbox import Sandbox
    from strava_assets_tests.sandbox.clients.conftest import Start

pytestmark = pytest.mark.deep


def bikes_m(sandbox: Sandbox) -> float:
    return sum(
        float(r["distance"]) for r in sandbox.history.records() if (r["gear_id"] or "").startswith("b")
    )


def public_rides(sandbox: Sandbox) -> int:
    return sum(r["sport_type"] in RIDES and r["visibility"] == "everyone" for r in sandbox.history.records())


def test_stravalib_validates_every_answer(sandbox: Sandbox, start: Start) -> None:
    received = document(start(tool("python/bin/python"), HERE / "stravalib_calls.py"))
    assert received["activities"] == 250
    assert received["rides"] == public_rides(sandbox)
    assert received["bikes_m"] == pytest.approx(bikes_m(sandbox), abs=1)
    assert received["power_zones"] == 7
    assert received["clubs"] == 2
    assert "Resource Not Found" in received["missing"]
    assert min(received[name] for name in ("streams", "laps", "zones", "splits", "best_efforts")) > 10


def test_strava_offline_refreshes_its_token_and_mirrors_every_activity(
    sandbox: Sandbox, start: Start, tmp_path: Path
) -> None:
    token = tmp_path / "token.json"
    token.write_text(
        json.dumps(
            {"access_token": "old", "refresh_token": REFRESH_TOKEN, "expires_at": 1, "token_type": "Bearer"}
        )
    )
    mirror = tmp_path / "strava.sqlite"
    start(
        *(tool("python/bin/strava-offline"), "sqlite", "--database", mirror, "--token-file", token),
        *("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET),
    )
    with sqlite3.connect(mirror) as database:
        ids = {row[0] for row in database.execute("SELECT id FROM activity")}
        bikes = database.execute("SELECT COUNT(*) FROM bike").fetchone()[0]
    assert ids == set(sandbox.history.ids())
    assert bikes == len(sandbox.athlete["bikes"])
    assert json.loads(token.read_text())["access_token"] == sandbox.tokens.current_access_token


def test_strava2gpx_exports_the_seconds(sandbox: Sandbox, start: Start, tmp_path: Path) -> None:
    rides = [r for r in sandbox.history.records() if r.get("device_watts") and r["start_latlng"]][:3]
    start(
        *(tool("python/bin/python"), HERE / "strava2gpx_calls.py", tmp_path),
        *(ride["id"] for ride in rides),
    )
    for ride in rides:
        track = gpxpy.parse((tmp_path / f"{ride['id']}.gpx").read_text())
        assert track.get_points_no() == ride["moving_time"]
        assert track.length_2d() == pytest.approx(ride["distance"], rel=0.2)


def test_the_node_client_posts_its_secrets_in_the_address_and_reads_everything(
    sandbox: Sandbox, start: Start
) -> None:
    tool("node/node_modules/strava-v3")
    received = document(start("node", HERE / "node" / "calls.js"))
    recent = sandbox.history.records()[:12]
    assert received["activities"] == 200
    assert received["kudos"] == sum(min(r["kudos_count"], 30) for r in recent)
    assert received["comments"] == sum(r["comment_count"] for r in recent)
    assert received["rides"] == public_rides(sandbox)
    assert received["missing"]["message"] == "Resource Not Found"
    token_call = next(call for call in sandbox.requests if call.path == "/oauth/token")
    assert token_call.query["client_secret"] == CLIENT_SECRET


@pytest.mark.parametrize("strict", [False, True])
def test_a_go_client_generated_from_the_description_decodes_every_answer(
    sandbox: Sandbox, address: str, *, strict: bool
) -> None:
    # At an address without the prefix /api/v3, nothing that it does is to be refused.
    sandbox.strict = strict
    program = tool("go/calls.bin")
    token = sandbox.tokens.refresh(REFRESH_TOKEN).access_token
    ended = subprocess.run(  # noqa: S603 - the program that the test names
        [program, address, token], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    received: dict[str, Any] = document(ended)
    recent = sandbox.history.records()[:30]
    assert received["details"] == 30
    assert received["streams"] == sum(not r["manual"] for r in recent)
    assert received["comments"] == sum(r["comment_count"] for r in recent)
    assert received["rides"] == public_rides(sandbox)
    assert received["missing"] == "Resource Not Found"


def test_strict_mode_names_the_first_call_that_stops_working(sandbox: Sandbox, start: Start) -> None:
    sandbox.strict = True
    tool("node/node_modules/strava-v3")
    stravalib = start(tool("python/bin/python"), HERE / "stravalib_calls.py", succeeds=False)
    node = start("node", HERE / "node" / "calls.js", succeeds=False)
    assert "Strict mode: From 2027-06-01 the API is at its own host" in stravalib.stderr
    assert "Strict mode: Send the fields in the form body" in node.stderr
