"""What the UI's own API refuses to launch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from strava_assets_tests.strava.scripted import Response, ScriptedServer

if TYPE_CHECKING:
    from strava_assets_tests.ui.conftest import Platform

pytestmark = [pytest.mark.xdist_group("ui"), pytest.mark.deep]

LAUNCH = """
mutation ($selector: JobOrPipelineSelector!, $config: RunConfigData!) {
  launchPipelineExecution(executionParams: {selector: $selector, runConfigData: $config, mode: "default"}) {
    __typename
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
RUNS = "{ runsOrError { ... on Runs { results { runId } } } }"


@pytest.mark.parametrize("job", ["sync", "__ASSET_JOB"])
def test_a_launch_that_names_another_address_for_the_credentials_is_refused(
    platform: Platform, job: str
) -> None:
    before = platform.ask(RUNS)
    with ScriptedServer(lambda _: Response(401, {})) as foreign:
        config = {
            "api_base_url": foreign.url,
            "oauth_base_url": foreign.url,
            "secret_store": "FILE",
            "token_path": "data/tokens.json",
            "rate_limit_reserve": 0,
        }
        selector: dict[str, Any] = {
            "repositoryLocationName": "strava_assets",
            "repositoryName": "__repository__",
            "pipelineName": job,
            "assetSelection": [{"path": ["raw_activities"]}],
        }
        variables = {"selector": selector, "config": {"resources": {"strava": {"config": config}}}}
        answer = requests.post(
            f"{platform.address}/graphql", json={"query": LAUNCH, "variables": variables}, timeout=60
        ).json()
        assert foreign.requests == []
    refused = answer["data"]["launchPipelineExecution"]
    assert refused["__typename"] == "RunConfigValidationInvalid", answer
    assert "'api_base_url'" in refused["errors"][0]["message"]
    assert platform.ask(RUNS) == before
