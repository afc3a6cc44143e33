"""Rate limits: headers, natural windows, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.sandbox import RateLimits, Sandbox

if TYPE_CHECKING:
    import requests

    from strava_assets_tests.sandbox.caller import Calling, HandClock


def usage(answer: requests.Response) -> tuple[str, str]:
    return answer.headers["X-RateLimit-Usage"], answer.headers["X-ReadRateLimit-Usage"]


def test_both_pairs_of_headers_count_every_call_of_the_api(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock)) as caller:
        first, second = caller.get("/athlete"), caller.get("/athlete/activities")
    assert first.headers["X-RateLimit-Limit"] == "200,2000"
    assert first.headers["X-ReadRateLimit-Limit"] == "100,1000"
    assert usage(first) == ("1,1", "1,1")
    assert usage(second) == ("2,2", "2,2")


def test_token_answers_carry_no_limits_and_use_none(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock), authorized=False) as caller:
        assert not [name for name in caller.token().headers if "ratelimit" in name.lower()]
        assert usage(caller.get("/athlete"))[0] == "1,1"


def test_the_windows_are_natural_quarter_hours_and_utc_days(call: Calling, clock: HandClock) -> None:
    clock.forward(minutes=14)
    with call(Sandbox(clock=clock)) as caller:
        assert usage(caller.get("/athlete"))[0] == "1,1"
        clock.forward(minutes=1)
        assert usage(caller.get("/athlete"))[0] == "1,2"
        clock.forward(hours=11, minutes=45)
        caller.token(refresh_token=caller.sandbox.tokens.valid_refresh_token or "")
        assert usage(caller.get("/athlete"))[0] == "1,1"


def test_beyond_the_limit_every_call_is_refused_and_still_counts(call: Calling, clock: HandClock) -> None:
    limits = RateLimits(overall=(10, 100), read=(2, 50))
    with call(Sandbox(clock=clock, limits=limits)) as caller:
        statuses = [caller.get("/athlete").status_code for _ in range(4)]
        refused = caller.get("/athlete")
        clock.forward(minutes=15)
        allowed = caller.get("/athlete")
    assert statuses == [200, 200, 429, 429]
    assert refused.json() == {
        "message": "Rate Limit Exceeded",
        "errors": [{"resource": "Application", "field": "rate limit", "code": "exceeded"}],
    }
    assert usage(refused)[1] == "5,5"
    assert "Retry-After" not in refused.headers
    assert allowed.status_code == 200


def test_the_daily_limit_holds_until_midnight_utc(call: Calling, clock: HandClock) -> None:
    sandbox = Sandbox(clock=clock)
    with call(sandbox) as caller:
        caller.get("/athlete")
        assert sandbox.limits is not None
        sandbox.limits.read_usage = (3, 1_000)
        assert caller.get("/athlete").status_code == 429
        clock.forward(hours=11, minutes=59)
        caller.token(refresh_token=sandbox.tokens.valid_refresh_token or "")
        assert caller.get("/athlete").status_code == 429
        clock.forward(minutes=1)
        assert caller.get("/athlete").status_code == 200


def test_a_refused_call_counts_and_an_invalid_token_does_not(call: Calling, clock: HandClock) -> None:
    with call(Sandbox(clock=clock), authorized=False) as caller:
        assert "X-RateLimit-Usage" not in caller.get("/no/such/path").headers
        caller.token()
        paths = ("/no/such/path", "/activities/1", "/activities/abc", "/athlete/activities?page=0")
        usages = [usage(caller.get(path)) for path in paths]
    assert usages == [("1,1", "1,1"), ("2,2", "2,2"), ("3,3", "3,3"), ("4,4", "4,4")]


def test_the_two_counters_are_independent(call: Calling, clock: HandClock) -> None:
    limits = RateLimits(overall=(10, 100), read=(2, 50))
    with call(Sandbox(clock=clock, limits=limits)) as caller:
        headers = {"Authorization": f"Bearer {caller.access_token}"}
        writes = [
            caller.session.post(f"{caller.base_url}/activities", headers=headers, timeout=5) for _ in range(4)
        ]
        reads = [caller.get("/athlete").status_code for _ in range(3)]
        write = caller.session.put(f"{caller.base_url}/athlete", headers=headers, timeout=5)
    assert usage(writes[-1]) == ("4,4", "0,0")
    assert reads == [200, 200, 429]
    # The read limit is used up, which does not concern a call that writes.
    assert (write.status_code, usage(write)) == (404, ("8,8", "3,3"))


def test_limits_can_be_switched_off_and_then_say_nothing(call: Calling) -> None:
    with call(Sandbox(limits=None)) as caller:
        answers = [caller.get("/athlete") for _ in range(205)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers
