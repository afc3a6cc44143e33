"""The sandbox's answers against Strava's published description of its API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from strava_assets.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.sandbox.caller import Calling

STREAMS = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth"


class Description:
    """The description, as something answers can be held against."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())

    def check(self, answer: Any, definition: str) -> None:
        schema = {"$ref": f"#/definitions/{definition}", "definitions": self._document["definitions"]}
        jsonschema.Draft4Validator(schema).validate(_without_nulls(answer))

    def properties(self, definition: str) -> set[str]:
        return _names(self._document["definitions"][definition], self._document["definitions"])


def _without_nulls(answer: Any) -> Any:
    """The description knows few nulls; the service sends one where a field might as well be absent."""
    if isinstance(answer, list):
        return [_without_nulls(item) for item in answer]
    if isinstance(answer, dict):
        return {name: _without_nulls(value) for name, value in answer.items() if value is not None}
    return answer


def _names(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _names(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    parts = [_names(part, definitions) for part in schema.get("allOf", [])]
    return set(schema.get("properties", {})).union(*parts)


@pytest.fixture
def description(fixtures: Path) -> Description:
    return Description(fixtures / "openapi" / "strava-v3.relaxed.json")


@pytest.mark.deep
def test_every_summary_of_the_sample_athlete_is_as_described(
    call: Calling, sandbox: Sandbox, description: Description
) -> None:
    # The description wants two coordinates; the service sends none where there was no fix, or null.
    # Its list of sports is closed; the service's is not.
    with call(sandbox) as caller:
        for summary in caller.everything():
            checked = dict(summary)
            for name in ("start_latlng", "end_latlng"):
                if not checked[name]:
                    del checked[name]
            if checked["sport_type"] == "Padel":
                del checked["sport_type"]
            description.check(checked, "summaryActivity")


@pytest.mark.deep
def test_details_and_streams_are_as_described(
    call: Calling, sandbox: Sandbox, description: Description
) -> None:
    with call(sandbox) as caller:
        for summary in [r for r in sandbox.history.records() if r["start_latlng"]][::50]:
            description.check(caller.get(f"/activities/{summary['id']}").json(), "detailedActivity")
            streams = caller.get(
                f"/activities/{summary['id']}/streams", keys=STREAMS, key_by_type="true"
            ).json()
            # The service sends null for a second in which the sensor was lost; the description knows none.
            for stream in streams.values():
                stream["data"] = [value for value in stream["data"] if value is not None]
            description.check(streams, "streamSet")
            assert streams.keys() <= description.properties("streamSet")


def test_laps_zones_kudos_and_comments_are_as_described(
    call: Calling, sandbox: Sandbox, description: Description
) -> None:
    records = sandbox.history.records()
    newest_of_sport = {record["sport_type"]: record for record in reversed(records)}
    with call(sandbox) as caller:
        for record in newest_of_sport.values():
            path = f"/activities/{record['id']}"
            for name, definition in (
                *(("laps", "lap"), ("zones", "activityZone")),
                *(("kudos", "summaryAthlete"), ("comments", "comment")),
            ):
                for item in caller.get(f"{path}/{name}").json():
                    description.check(item, definition)
                    assert description.properties(definition) & item.keys()
            detail = caller.get(path).json()
            for name in ("splits_metric", "splits_standard"):
                for split in detail[name]:
                    description.check(split, "split")
            for effort in detail["best_efforts"]:
                description.check(effort, "detailedSegmentEffort")


def test_gear_totals_zones_and_clubs_are_as_described(
    call: Calling, sandbox: Sandbox, description: Description
) -> None:
    with call(sandbox) as caller:
        athlete = caller.get("/athlete").json()
        stats = caller.get(f"/athletes/{athlete['id']}/stats").json()
        zones = caller.get("/athlete/zones").json()
        description.check(stats, "activityStats")
        description.check(zones, "zones")
        assert stats.keys() == description.properties("activityStats")
        assert zones.keys() == description.properties("zones")
        for item in athlete["bikes"] + athlete["shoes"]:
            description.check(caller.get(f"/gear/{item['id']}").json(), "detailedGear")
        for club in caller.get("/athlete/clubs").json():
            description.check(club, "summaryClub")


def test_the_athlete_is_as_described_in_both_forms(
    call: Calling, sandbox: Sandbox, description: Description
) -> None:
    with call(sandbox) as caller:
        description.check(caller.get("/athlete").json(), "detailedAthlete")
        granted, sandbox.tokens.scopes = sandbox.tokens.scopes, {"read"}
        description.check(caller.get("/athlete").json(), "summaryAthlete")
        sandbox.tokens.scopes = granted


def test_faults_are_as_described(call: Calling, sandbox: Sandbox, description: Description) -> None:
    documented = (
        Fault.missing_scope,
        Fault.inactive_subscription,
        Fault.invalid_access_token,
        Fault.rate_limit_15min,
        Fault.revoked_token,
    )
    with call(sandbox) as caller:
        for fault in documented:
            sandbox.faults.add(fault, on="list")
            body = caller.get("/athlete/activities").json()
            description.check(body, "fault")
            assert body.keys() == description.properties("fault")
            assert body["errors"][0].keys() == description.properties("error")


@pytest.mark.parametrize("kind", ["refresh_token", "authorization_code"])
def test_token_answers_have_the_recorded_fields(call: Calling, fixtures: Path, kind: str) -> None:
    recorded = json.loads((fixtures / "recorded" / f"token_{kind}.json").read_text())["body"]
    sandbox = Sandbox()
    with call(sandbox, authorized=False) as caller:
        code = sandbox.tokens.consent({"read"}) if kind == "authorization_code" else ""
        body = caller.token(grant_type=kind, code=code).json()
    assert body.keys() == recorded.keys()
    for name, value in recorded.items():
        assert type(body[name]) is type(value)


def test_a_wrong_client_gets_the_recorded_error(call: Calling, fixtures: Path) -> None:
    recorded = json.loads((fixtures / "recorded" / "token_invalid_client.json").read_text())
    with call(Sandbox(), authorized=False) as caller:
        answer = caller.token(client_id="1")
    assert (answer.status_code, answer.json()) == (recorded["status"], recorded["body"])
