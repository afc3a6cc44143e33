"""Receivers in the settings: one variable, many services; what is no address is refused and never quoted."""

from __future__ import annotations

import logging

import pytest

from strava_assets.alerts.addresses import split_addresses
from strava_assets.errors import ConfigurationError
from strava_assets.settings import Settings
from strava_assets.settings_reader import _warn_of_old_variables, load_settings


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\n", " ,\t"])
def test_addresses_are_separated_by_blanks_or_commas(separator: str) -> None:
    addresses = ("slack://a/b/c", "mailto://host?to=a@x.org,b@x.org", "https://hooks.slack.com/services/x")
    assert split_addresses(separator.join(addresses)) == addresses
    assert split_addresses(f",{separator.join(addresses)},\n") == addresses


@pytest.mark.parametrize(
    "value",
    [
        "canary",
        "hooks.slack.com/canary slack://a/b",
        "slack://a/b canary",
        "slack://",
        "://canary",
        "canary@x.org",
    ],
)
def test_what_is_not_an_address_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"STRAVA_ASSETS_ALERT_URLS": value}, env_file=None)
    assert "STRAVA_ASSETS_ALERT_URLS: contains an invalid address" in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("value", ["hooks.slack.com/canary", "https://", "ftp://canary", "https://h:canary/"])
def test_an_old_webhook_that_is_no_web_address_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"STRAVA_ASSETS_ALERT_WEBHOOK_URL": value}, env_file=None)
    assert "STRAVA_ASSETS_ALERT_WEBHOOK_URL: " in str(refused.value)
    assert "canary" not in str(refused.value)


def test_an_old_setting_still_works_and_the_new_one_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    _warn_of_old_variables.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            read = load_settings(
                {
                    "STRAVA_ASSETS_ALERT_WEBHOOK_URL": "https://hooks.example/canary",
                    "STRAVA_ASSETS_ALERT_MAIL_TO": "rider@example.org",
                },
                env_file=None,
            )
    assert read.alerts_wanted
    [message] = caplog.messages
    named = "STRAVA_ASSETS_ALERT_WEBHOOK_URL, STRAVA_ASSETS_ALERT_MAIL_TO"
    assert message.startswith(f"Old alert settings are in use: {named}.")
    assert "STRAVA_ASSETS_ALERT_URLS" in message
    assert "canary" not in message


def test_without_a_receiver_nobody_is_told() -> None:
    assert not Settings().alerts_wanted
    assert not Settings(smtp_host="mail.example.org").alerts_wanted
