"""The allowed host names and origins."""

from __future__ import annotations

import pytest

from strava_assets.web.hosts import AllowedHosts, Host

SETTING = "STRAVA_ASSETS_ALLOWED_HOSTS"
LOOPBACK_ONLY = AllowedHosts()
BEHIND_A_PROXY = AllowedHosts.of_setting(["rides.example", "nas.local:8443", "[fd00::1]"], SETTING)


def refusal(allowed: AllowedHosts, *headers: tuple[str, str]) -> str | None:
    return allowed.refusal(lambda name: [value for header, value in headers if header == name])


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:3000", "LocalHost:3000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"],
)
@pytest.mark.parametrize("allowed", [LOOPBACK_ONLY, BEHIND_A_PROXY], ids=["alone", "behind a proxy"])
def test_every_name_of_loopback_is_allowed_at_any_port(allowed: AllowedHosts, host: str) -> None:
    assert refusal(allowed, ("host", host)) is None


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.nip.io",
        ),
        *("localhost.", "127.0.0.2", "127.1", "2130706433", "0.0.0.0:3000", "[::]", "[::ffff:127.0.0.1]"),
        *("", ":3000", "localhost:", "localhost:0", "localhost:65536", "localhost:3000:1", "localhost:+1"),
        *("evil@localhost", "localhost/evil", "localhost evil", "localhost,evil.example", "http://localhost"),
        *("localhost\x00", "localhost\n", "l\u043ecalhost", "[::1", "::1"),
    ],
)
@pytest.mark.parametrize("allowed", [LOOPBACK_ONLY, BEHIND_A_PROXY], ids=["alone", "behind a proxy"])
def test_any_other_name_is_refused(allowed: AllowedHosts, host: str) -> None:
    assert "does not accept requests for the host" in str(refusal(allowed, ("host", host)))


def test_a_request_names_exactly_one_host() -> None:
    assert "without a Host header" in str(refusal(LOOPBACK_ONLY))
    assert refusal(LOOPBACK_ONLY, ("host", "localhost"), ("host", "localhost"))
    assert refusal(LOOPBACK_ONLY, ("host", "localhost"), ("host", "evil.example"))


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("rides.example", True),
        ("RIDES.example:3000", True),
        ("nas.local:8443", True),
        ("[fd00::1]:3000", True),
        ("nas.local:8444", False),
        ("nas.local", False),
        ("sub.rides.example", False),
        ("rides.example.evil.example", False),
    ],
)
def test_a_configured_name_is_allowed_at_its_port_or_at_any(host: str, is_allowed: bool) -> None:
    assert (refusal(BEHIND_A_PROXY, ("host", host)) is None) == is_allowed


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:3000", "http://localhost:3000"),
        ("127.0.0.1:3000", "http://localhost:3000"),
        ("[::1]:3000", "http://127.0.0.1:3000"),
        ("localhost", "http://localhost"),
        ("rides.example", "https://rides.example"),
        ("rides.example:8443", "https://rides.example:8443"),
        # A proxy that names our own address, as nginx does by default.
        ("127.0.0.1:3000", "https://rides.example"),
        ("127.0.0.1:3000", "https://nas.local:8443"),
    ],
)
def test_a_page_of_this_server_is_allowed(host: str, origin: str) -> None:
    assert refusal(BEHIND_A_PROXY, ("host", host), ("origin", origin)) is None


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "null",
            "",
            "http://evil.example",
            "https://evil.example:3000",
            "http://localhost.evil.example:3000",
        ),
        # Another program on this machine: a notebook, a development server.
        *("http://localhost:8888", "http://127.0.0.1", "https://localhost", "http://[::1]:3001"),
        *("https://rides.example:8443", "https://nas.local", "https://nas.local:9000"),
        *("file://", "chrome-extension://localhost:3000", "ws://localhost:3000", "http://localhost:3000/"),
        *("http://evil@localhost:3000", "http://localhost:3000 http://evil.example", "localhost:3000"),
    ],
)
def test_a_page_of_any_other_origin_is_refused(origin: str) -> None:
    text = str(refusal(BEHIND_A_PROXY, ("host", "localhost:3000"), ("origin", origin)))
    assert "sent by a page of another site" in text


def test_one_foreign_origin_among_several_is_refused() -> None:
    own, foreign = ("origin", "http://localhost:3000"), ("origin", "http://evil.example")
    assert refusal(LOOPBACK_ONLY, ("host", "localhost:3000"), own, foreign)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "destination"),
    [
        ("no-cors", "image"),
        ("no-cors", "script"),
        ("cors", "empty"),
        ("navigate", "iframe"),
        ("navigate", ""),
    ],
)
def test_what_a_page_of_another_site_loads_without_an_origin_is_refused(
    site: str, mode: str, destination: str
) -> None:
    fetched = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]
    assert "loads or embeds" in str(refusal(LOOPBACK_ONLY, ("host", "localhost"), *fetched))


@pytest.mark.parametrize(
    "fetched",
    [
        ("cross-site", "navigate", "document"),
        ("none", "navigate", "document"),
        ("same-origin", "no-cors", "image"),
        ("same-origin", "navigate", "iframe"),
    ],
)
def test_a_link_from_anywhere_and_what_our_own_pages_load_are_allowed(fetched: tuple[str, str, str]) -> None:
    site, mode, destination = fetched
    headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]
    assert refusal(LOOPBACK_ONLY, ("host", "localhost"), *headers) is None


def test_a_refusal_names_the_setting_where_there_is_one() -> None:
    assert SETTING in str(refusal(BEHIND_A_PROXY, ("host", "evil.example")))
    assert "STRAVA" not in str(refusal(LOOPBACK_ONLY, ("host", "evil.example")))


def test_a_refusal_repeats_nothing_but_short_visible_text() -> None:
    text = str(refusal(LOOPBACK_ONLY, ("host", "\x1b[31m" + "é" * 10_000)))
    assert text.isascii()
    assert len(text) < 2_000
    assert "\x1b" not in text


@pytest.mark.parametrize("text", ["https://rides.example", "rides.example/", "*", "*.example", "", "a b"])
def test_what_is_no_host_name_is_none(text: str) -> None:
    assert Host.parse(text) is None
