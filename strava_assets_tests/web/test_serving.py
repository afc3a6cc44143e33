"""Opening ports: errors, and the warning when other machines can reach a server."""

from __future__ import annotations

import socket

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.web.app import read_path_prefix
from strava_assets.web.hosts import AllowedHosts
from strava_assets.web.serving import check_exposure, open_listener

SETTING = "STRAVA_ASSETS_ALLOWED_HOSTS"
NOTHING_CONFIGURED = AllowedHosts.of_setting([], SETTING)


def test_a_taken_port_is_named_with_another_one() -> None:
    with open_listener(0, name="The web UI") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigurationError) as refused:
            open_listener(port, name="The web UI")
    assert f"Port {port} is used by another program.\nThe web UI was not started." in str(refused.value)
    assert f"--port {port + 1}" in str(refused.value)


@pytest.mark.parametrize("port", [-1, 65536, 70_000])
def test_what_is_not_a_port_is_said(port: int) -> None:
    with pytest.raises(ConfigurationError, match=f"{port} is not a valid port"):
        open_listener(port, name="The web UI")


@pytest.mark.parametrize(
    ("host", "text"), [("no-such-host.invalid", "is unknown"), ("192.0.2.1", "cannot be used")]
)
def test_a_host_of_another_machine_cannot_be_listened_on(host: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        open_listener(0, host, name="The web UI")


def test_an_address_of_the_sixth_version_can_be_listened_on() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        listener = open_listener(0, "::1", name="The web UI")
    except ConfigurationError as error:
        pytest.skip(f"no IPv6 on loopback: {error}")
    with listener:
        assert listener.family is socket.AF_INET6


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_on_loopback_there_is_nothing_to_warn_of(host: str) -> None:
    assert check_exposure(host, NOTHING_CONFIGURED) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "nas.local", ""])  # noqa: S104 - not used
def test_beyond_loopback_names_must_be_configured_and_the_missing_login_is_said(host: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_exposure(host, NOTHING_CONFIGURED)
    assert SETTING in str(refused.value)
    assert "There is no login" in str(refused.value)
    warning = check_exposure(host, AllowedHosts.of_setting(["nas.local"], SETTING))
    assert "There is no login" in str(warning)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", ""), ("/", ""), ("rides", "/rides"), ("/rides", "/rides"), ("/my/rides-2/", "/my/rides-2")],
)
def test_a_path_prefix_may_be_written_with_or_without_slashes(text: str, prefix: str) -> None:
    assert read_path_prefix(text) == prefix


@pytest.mark.parametrize(
    "text", ["/a//b", "/../etc", "/a/./b", "/a b", "/<script>", '/"', "https://rides.example"]
)
def test_what_is_no_path_prefix_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--path-prefix /rides"):
        read_path_prefix(text)
