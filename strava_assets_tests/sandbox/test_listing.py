"""The list, the detail and the athlete, as a client meets them over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.sandbox.caller import Calling

START = "2026-{:02d}-01T08:00:00Z"


def a_year() -> Sandbox:
    """Ten rides, on the first of each month to October."""
    sandbox = Sandbox()
    for month in range(1, 11):
        sandbox.history.add(name=f"Month {month}", start_date=START.format(month))
    return sandbox


def epoch_s(month: int) -> int:
    return int(datetime(2026, month, 1, 8, tzinfo=UTC).timestamp())


def names(records: list[dict[str, Any]]) -> list[str]:
    return [record["name"] for record in records]


def test_without_a_window_the_newest_comes_first(call: Calling) -> None:
    with call(a_year()) as caller:
        assert names(caller.listed(per_page=3)) == ["Month 10", "Month 9", "Month 8"]


def test_with_after_alone_the_oldest_comes_first(call: Calling) -> None:
    with call(a_year()) as caller:
        assert names(caller.listed(after=epoch_s(7))) == ["Month 8", "Month 9", "Month 10"]
        assert names(caller.listed(after=epoch_s(7), per_page=2, page=2)) == ["Month 10"]


def test_with_before_the_newest_comes_first_and_both_ends_are_exclusive(call: Calling) -> None:
    with call(a_year()) as caller:
        assert names(caller.listed(before=epoch_s(4))) == ["Month 3", "Month 2", "Month 1"]
        assert names(caller.listed(after=epoch_s(2), before=epoch_s(5))) == ["Month 4", "Month 3"]
        assert names(caller.listed(after=epoch_s(2), before=epoch_s(6), per_page=2, page=2)) == ["Month 3"]


def test_the_page_after_the_last_is_empty(call: Calling) -> None:
    with call(a_year()) as caller:
        assert len(caller.listed(per_page=4, page=3)) == 2
        assert caller.listed(per_page=4, page=4) == []
        assert caller.listed(after=epoch_s(1), per_page=4, page=4) == []


def test_a_page_holds_thirty_unless_asked_and_never_more_than_two_hundred(call: Calling) -> None:
    with call(Sandbox.many(450)) as caller:
        assert len(caller.listed()) == 30
        assert len(caller.listed(per_page=1000)) == 200


def test_a_short_page_is_not_the_last_one_where_the_server_says_so(call: Calling) -> None:
    with call(Sandbox.many(130, page_size_limit=50)) as caller:
        assert len(caller.listed(per_page=200)) == 50
        assert len({record["id"] for record in caller.everything()}) == 130


def test_both_address_layouts_lead_to_the_same_list(call: Calling) -> None:
    with call(a_year()) as caller:
        assert caller.get("/api/v3/athlete/activities").json() == caller.get("/athlete/activities").json()


def test_a_page_number_that_is_no_number_is_a_bad_request(call: Calling) -> None:
    with call(a_year()) as caller:
        for name, text in (
            *(("page", "two"), ("page", "--1"), ("page", 0), ("page", ""), ("per_page", 0), ("per_page", -1)),
            *(("after", "yesterday"), ("before", "1_000"), ("page", " 1"), ("page", "+1"), ("page", "1.0")),
            # Other scripts' digits, and more of them than Python converts.
            *(("page", "\uff11"), ("per_page", "\u0663"), ("after", "9" * 5_000), ("before", 2**63)),
        ):
            answer = caller.get("/athlete/activities", **{name: text})
            assert answer.status_code == 400, (name, text)
            assert answer.json()["errors"] == [{"resource": "Activity", "field": name, "code": "invalid"}]


def test_every_request_is_noted_in_order(call: Calling) -> None:
    sandbox = a_year()
    with call(sandbox) as caller:
        caller.listed(page=2, per_page=5)
    assert [request.method for request in sandbox.requests] == ["POST", "GET"]
    assert sandbox.requests[1].query == {"page": "2", "per_page": "5"}
    assert sandbox.calls("/athlete/activities") == 1


def test_the_detail_adds_to_the_summary_and_contradicts_it_nowhere(call: Calling) -> None:
    sandbox = Sandbox.sample(today=datetime(2026, 11, 23, tzinfo=UTC).date())
    with call(sandbox) as caller:
        for summary in caller.listed(per_page=20):
            detail = caller.get(f"/activities/{summary['id']}").json()
            same = {name: detail[name] for name in summary if name not in ("resource_state", "map")}
            assert same.items() <= summary.items()
            assert detail["resource_state"] == 3
            assert {"calories", "device_name", "description"} <= detail.keys()
            assert detail.get("gear", {}).get("id") == summary["gear_id"]


def test_an_unknown_activity_is_not_found(call: Calling) -> None:
    with call(a_year()) as caller:
        answer = caller.get("/activities/1")
    assert answer.status_code == 404
    assert answer.json() == {
        "message": "Resource Not Found",
        "errors": [{"resource": "Activity", "field": "", "code": "not found"}],
    }


def test_recorded_answers_are_replayed_word_for_word(call: Calling, fixtures: Path) -> None:
    recorded = fixtures / "recorded" / "athlete_activities.json"
    body = json.loads(recorded.read_text())["body"]
    with call(Sandbox.replay(recorded)) as caller:
        served = caller.listed(per_page=200)
        athlete = caller.get("/athlete").json()
    assert json.dumps(served) == json.dumps(body)
    assert athlete["id"] == body[0]["athlete"]["id"]


def test_malformed_and_repeated_records_are_replayed_too(call: Calling) -> None:
    good = Sandbox.many(1).history.records()[0]
    recorded = [good, good, {"name": "no id"}, {"id": "text"}, {"id": 2**70, "start_date": "soon"}]
    with call(Sandbox.replay(recorded)) as caller:
        served = caller.listed()
    assert sorted(map(str, served)) == sorted(map(str, recorded))


@pytest.mark.parametrize("text", ["no json", '{"body": 3}', "[1, 2]"])
def test_a_file_that_is_no_listing_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(StravaAssetsError, match=r"mine\.json cannot be replayed"):
        Sandbox.replay(path)


def test_a_long_history_has_as_many_activities_as_asked_for(call: Calling) -> None:
    with call(Sandbox.many(1_001, limits=None)) as caller:
        records = caller.everything()
    assert len({record["id"] for record in records}) == 1_001
    starts = [record["start_date"] for record in records]
    assert starts == sorted(starts, reverse=True)
