"""The endpoints of the athlete: profile, gear, totals, zones and clubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.sandbox import gear as gear_list
from strava_assets.sandbox.api_call import RefusalError
from strava_assets.sandbox.fault_responses import json_response, resource_not_found
from strava_assets.sandbox.sample_profile import summary_of
from strava_assets.sandbox.stats import stats_of
from strava_assets.sandbox.zones import athlete_zones

if TYPE_CHECKING:
    from starlette.responses import Response

    from strava_assets.sandbox.api_call import ApiCall


def athlete(call: ApiCall) -> Response:
    """GET /athlete: the whole profile, or its summary for a token without profile:read_all."""
    profile = call.sandbox.athlete
    if not call.sees_profile:
        return json_response(summary_of(profile))
    lists = {
        name: [gear_list.summary(call.sandbox, item["id"]) for item in profile[name]]
        for name in ("bikes", "shoes")
        if name in profile
    }
    return json_response(profile | lists)


def gear(call: ApiCall) -> Response:
    """GET /gear/{id}."""
    document = gear_list.detail(call.sandbox, call.path["id"])
    if document is None:
        raise RefusalError(resource_not_found("Gear"))
    return json_response(document)


def stats(call: ApiCall) -> Response:
    """GET /athletes/{id}/stats: totals of the athlete's activities that everyone may see."""
    call.require_own_athlete()
    return json_response(stats_of(call.sandbox.history, call.sandbox.now()))


def zones(call: ApiCall) -> Response:
    """GET /athlete/zones."""
    call.require_profile_scope()
    sandbox = call.sandbox
    return json_response(athlete_zones(sandbox.figures.on(sandbox.now().date())))


def clubs(call: ApiCall) -> Response:
    """GET /athlete/clubs."""
    return json_response(call.sandbox.athlete.get("clubs", [])[call.window()])
