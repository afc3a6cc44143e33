"""Messages over real HTTP and SMTP: escaped, tried again, within a limit, and without a leak."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

import apprise
import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack
from pydantic import SecretStr

from strava_assets.alerts import Message, check_addresses, deliver, not_delivered, sender
from strava_assets.settings import Settings
from strava_assets_tests.receivers import MailServer, Webhook, answering

if TYPE_CHECKING:
    from collections.abc import Iterator

# The modules of some services that apprise supports import what Python has deprecated.
quietly = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HOSTILE = "<!channel> *b* <b>x</b> & [l](http://evil) @everyone \"q\" 'q' \\n :smile: é"
FAILED = Message("failed", "strava_assets: sync failed", f"It said {HOSTILE}.\nWhat to do: Nothing.", "r-1")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with answering(Webhook()) as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with answering(MailServer()) as server:
        yield server


def to(*addresses: str) -> Settings:
    return Settings(alert_urls=SecretStr(" ".join(addresses)))


def mail_address(server: MailServer) -> str:
    return f"mailto://127.0.0.1:{server.port}?to=rider@example.org&from=strava-assets@localhost"


def plain(text: str) -> str:
    return text.replace("\u200b", "").replace("\r\n", "\n")


@pytest.mark.deep
def test_every_receiver_gets_the_message_once(webhook: Webhook, mail: MailServer) -> None:
    deliveries = deliver(to(webhook.address, mail_address(mail)), FAILED)

    assert not_delivered(deliveries) is None
    [document] = webhook.messages
    assert document["title"] == "strava_assets: sync failed"
    assert document["type"] == "failure"
    assert plain(document["message"]) == f"{FAILED.text}\n\nRun r-1"
    [letter] = mail.messages
    assert letter["To"] == "rider@example.org"
    assert letter["Subject"] == "strava_assets: sync failed"
    assert letter.get_content_type() == "text/plain"
    assert FAILED.text in plain(letter.get_content())


@pytest.mark.deep
def test_a_receiver_that_fails_for_the_moment_is_tried_again(webhook: Webhook) -> None:
    webhook.faults = 2
    assert not_delivered(deliver(to(webhook.address), FAILED)) is None
    assert len(webhook.messages) == 3


@pytest.mark.deep
def test_one_that_refuses_does_not_keep_it_from_the_others(webhook: Webhook, mail: MailServer) -> None:
    webhook.status = 410
    deliveries = deliver(to(webhook.address, mail_address(mail)), FAILED)

    error = not_delivered(deliveries)
    assert "address 1 (json://…): It responded with status 410." in str(error)
    assert "address 2" not in str(error)
    assert "canary" not in str(error) + repr(deliveries)
    assert len(mail.messages) == 1


@pytest.mark.deep
def test_one_that_is_gone_is_told_without_its_address(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with answering(Webhook()) as closed:
        pass
    with caplog.at_level(logging.DEBUG):
        error = not_delivered(deliver(to(closed.address, "slack://canary"), FAILED))
    assert "address 1 (json://…): It could not be reached." in str(error)
    assert "address 2 (slack://…): apprise does not support this address." in str(error)
    assert "What to do: " in str(error)
    output = "".join(capfd.readouterr())
    assert "canary" not in f"{error} {error!r} {caplog.text} {output}"


@pytest.mark.deep
def test_one_that_never_ends_its_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strava_assets.alerts.delivery.SENDER_LIMIT_S", 15.0)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not ended.wait(0.5):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        [delivery] = deliver(to(f"json://127.0.0.1:{server.getsockname()[1]}/"), FAILED)
        ended.set()
        dripping.join(60)
    assert delivery.problem == "It did not respond in time."


def test_the_address_is_not_among_the_arguments_of_a_process(webhook: Webhook) -> None:
    # Every user of a machine can see them.
    seen = []
    answer = webhook.RequestHandlerClass.do_POST  # type: ignore[attr-defined]

    def look(handler: object) -> None:
        from pathlib import Path

        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.append(entry.read_bytes())
            except OSError:
                continue
        answer(handler)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook.RequestHandlerClass, "do_POST", look)
        deliver(to(webhook.address), FAILED)
    assert any(b"strava_assets.alerts.sender" in line for line in seen)
    assert not any(b"canary-secret" in line for line in seen)


def test_addresses_can_be_checked_without_sending_anything(webhook: Webhook) -> None:
    settings = to(
        webhook.address, "slack://canary", "https://example.org/canary", "mailto://u:p@example.org?to=canary"
    )
    problems = [check.problem for check in check_addresses(settings)]
    assert problems == [
        "",
        "apprise does not support this address.",
        "apprise does not support this address.",
        "A part of the address is unknown and would be ignored.",
    ]
    assert webhook.messages == []


def test_no_receivers_start_no_process() -> None:
    assert deliver(Settings(), FAILED) == []


def accept(service: str, message: Message = FAILED) -> dict[str, str]:
    """Send in this process, so that a service's own host can be another."""
    return sender.send({"service": service, "title": message.title, "body": message.body, "type": "failure"})


@pytest.mark.deep
@quietly
def test_slack_shows_hostile_text_as_text(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", webhook.url)
    message = Message("failed", HOSTILE, HOSTILE)

    assert accept("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7", message) == {"problem": ""}

    [document] = webhook.messages
    [attachment] = document["attachments"]
    for text in (attachment["title"], attachment["text"]):
        assert "<" not in text
        assert plain(text).startswith("&lt;!channel&gt; *b* &lt;b&gt;x&lt;/b&gt; &amp; [l](http://evil)")
    assert document["mrkdwn"] is False
    assert "image" not in str(document)


@quietly
def test_discord_mentions_nobody(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifyDiscord, "notify_url", webhook.url)

    assert accept("discord://123456789/abcdefghijk") == {"problem": ""}

    assert "@everyone" not in str(webhook.messages)
    assert "](" not in str(webhook.messages)


@quietly
def test_mail_in_html_shows_hostile_text_as_text(mail: MailServer) -> None:
    assert accept(f"{mail_address(mail)}&format=html") == {"problem": ""}
    [letter] = mail.messages
    html = letter.get_body(("html",))
    assert html
    assert "<b>x</b>" not in html.get_content()
    assert "&lt;b&gt;x&lt;/b&gt;" in html.get_content()


class TestOldSettings:
    def test_a_json_webhook_gets_the_document_it_always_got(self, webhook: Webhook) -> None:
        url = webhook.url.replace("http://", "http://me:pass@") + "/a%2Fb?key=canary&x=1"
        settings = Settings(alert_webhook_url=SecretStr(url))

        assert not_delivered(deliver(settings, FAILED)) is None

        [document] = webhook.messages
        assert document == {
            "status": "failed",
            "subject": FAILED.title,
            "text": FAILED.body,
            "run_id": "r-1",
        }
        assert webhook.paths == ["/services/T0/B0/canary-secret/a%2Fb?key=canary&x=1"]

    def test_slacks_form_is_escaped(self, webhook: Webhook) -> None:
        settings = Settings(alert_webhook_url=SecretStr(webhook.url), alert_webhook_form="slack")

        assert not_delivered(deliver(settings, FAILED)) is None

        [document] = webhook.messages
        assert document.keys() == {"text"}
        assert document["text"].startswith(":x: *strava_assets: sync failed*\n")
        assert "<" not in document["text"]

    @pytest.mark.deep
    def test_mail_goes_to_the_old_server(self, mail: MailServer) -> None:
        settings = Settings(
            alert_mail_to="Rider <rider@example.org>, other@example.org",
            smtp_host="127.0.0.1",
            smtp_port=mail.port,
        )

        assert not_delivered(deliver(settings, FAILED)) is None

        assert sorted(str(letter["To"]) for letter in mail.messages) == [
            "Rider <rider@example.org>",
            "other@example.org",
        ]

    @pytest.mark.deep
    def test_what_is_gone_is_named(self) -> None:
        with answering(MailServer()) as closed:
            pass
        settings = Settings(
            alert_webhook_url=SecretStr(f"http://127.0.0.1:{closed.port}/canary"),
            alert_mail_to="rider@example.org",
            smtp_host="127.0.0.1",
            smtp_port=closed.port,
        )
        error = str(not_delivered(deliver(settings, FAILED)))
        assert "the webhook: It could not be reached." in error
        assert "the mail server: It could not be reached." in error
        assert "canary" not in error


def test_apprise_is_the_release_that_was_tried() -> None:
    # Escaping of plain text for Slack, results of single services and retries are younger than 2.0.
    assert int(apprise.__version__.split(".")[0]) >= 2
