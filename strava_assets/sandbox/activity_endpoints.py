"""The endpoints of the list and of one activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.sandbox import gear, social
from strava_assets.sandbox import laps as lap_list
from strava_assets.sandbox.api_call import invalid_parameter
from strava_assets.sandbox.detail import detail_of
from strava_assets.sandbox.fault_responses import json_response, resource_not_found
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.history import json_list
from strava_assets.sandbox.recording import samples_of
from strava_assets.sandbox.streams_answer import Resampling, streams_document
from strava_assets.sandbox.zones import activity_zones

if TYPE_CHECKING:
    from starlette.responses import Response

    from strava_assets.sandbox.api_call import ApiCall


def listing(call: ApiCall) -> Response:
    """GET /athlete/activities."""
    call.require_activity_scope()
    after, before = call.integer("after"), call.integer("before")
    window = call.window()
    size = window.stop - window.start
    first = 0 if call.fault is Fault.repeated_page else window.start
    entries = call.sandbox.history.page(after, before, first, size, with_private=call.sees_private)
    return json_response(json_list(entries))


def detail(call: ApiCall) -> Response:
    """GET /activities/{id}."""
    activity = call.activity()
    record = activity.record()
    gear_id = record.get("gear_id")
    document = detail_of(
        record, samples_of(record, activity.outing), gear.summary(call.sandbox, gear_id) if gear_id else None
    )
    return json_response(document)


def streams(call: ApiCall) -> Response:
    """GET /activities/{id}/streams, with the keys in the query, or behind the path as in older clients."""
    activity = call.activity()
    keys = call.path.get("keys") or call.request.query_params.get("keys", "")
    wanted = [key for key in keys.split(",") if key]
    if not wanted:
        raise invalid_parameter("keys")
    query = call.request.query_params
    try:
        resampling = Resampling.of(query.get("resolution"), query.get("series_type"))
    except ValueError as error:
        raise invalid_parameter(str(error)) from None
    document = streams_document(activity, wanted, resampling)
    if document is None:
        return resource_not_found("Activity")
    if call.flag("key_by_type"):
        return json_response(document)
    return json_response([{"type": key} | stream for key, stream in document.items()])


def laps(call: ApiCall) -> Response:
    """GET /activities/{id}/laps."""
    activity = call.activity()
    record = activity.record()
    return json_response(lap_list.laps_of(record, samples_of(record, activity.outing)))


def zones(call: ApiCall) -> Response:
    """GET /activities/{id}/zones."""
    activity = call.activity()
    record = activity.record()
    return json_response(activity_zones(record, samples_of(record, activity.outing), call.sandbox.figures))


def comments(call: ApiCall) -> Response:
    """GET /activities/{id}/comments, by page or by cursor."""
    record = call.activity().record()
    everything = social.comments_of(record)
    query = call.request.query_params
    if "page_size" not in query and "after_cursor" not in query:
        return json_response(everything[call.window()])
    size = call.integer("page_size")
    if size is not None and size < 1:
        raise invalid_parameter("page_size")
    size = min(size or social.DEFAULT_PAGE_SIZE, call.sandbox.page_size_limit)
    first = social.position_after(everything, query.get("after_cursor", ""))
    return json_response(everything[first : first + size])


def kudos(call: ApiCall) -> Response:
    """GET /activities/{id}/kudos."""
    record = call.activity().record()
    return json_response(social.kudos_of(record)[call.window()])
