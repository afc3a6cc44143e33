"""Builds the list of receivers from the settings, in the format of `sender.py`."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from strava_assets.alerts.addresses import scheme_of, split_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.alerts.message import Message
    from strava_assets.settings import Settings


@dataclass(frozen=True)
class Receiver:
    """One receiver of one message.

    Args:
        name: The name in messages, without secrets.
        service: apprise's URL, or the arguments of an apprise service.
        title: The title of the message.
        body: The text of the message.
    """

    name: str
    service: str | dict[str, Any]
    title: str
    body: str

    def __repr__(self) -> str:
        return f"Receiver({self.name!r})"


def receivers_of(settings: Settings, message: Message) -> list[Receiver]:
    """All configured receivers."""
    addresses = split_addresses(settings.alert_urls.get_secret_value()) if settings.alert_urls else ()
    receivers = [
        Receiver(f"address {number} ({scheme_of(address)}://…)", address, message.title, message.body)
        for number, address in enumerate(addresses, start=1)
    ]
    return [*receivers, *_of_old_settings(settings, message)]


def _of_old_settings(settings: Settings, message: Message) -> Iterator[Receiver]:
    """The receivers of the settings before STRAVA_ASSETS_ALERT_URLS, with their original format."""
    if settings.alert_webhook_url:
        yield _webhook(settings.alert_webhook_url.get_secret_value(), settings.alert_webhook_form, message)
    if settings.alert_mail_to:
        service = {
            "schema": "mailto",
            "host": settings.smtp_host,
            "smtp_host": settings.smtp_host,
            "port": settings.smtp_port,
            "secure_mode": "insecure",
            "from_addr": settings.alert_mail_from,
            "targets": [settings.alert_mail_to],
        }
        yield Receiver("the mail server", service, message.title, message.body)


def _webhook(url: str, form: str, message: Message) -> Receiver:
    address = urlsplit(url)
    # Maps apprise's JSON fields to ours; an empty value removes a field.
    fields = {"version": "", "attachments": "", "type": ""}
    title, body = message.title, message.body
    if form == "slack":
        fields |= {"title": "", "message": "text"}
        mark = ":x:" if message.status == "failed" else ":white_check_mark:"
        body = f"{mark} *{escape(title, quote=False)}*\n{escape(body, quote=False)}"
    else:
        fields |= {"title": "subject", "message": "text", "status": message.status, "run_id": message.run_id}
    service = {
        "schema": "jsons" if address.scheme == "https" else "json",
        "host": address.hostname,
        "port": address.port,
        "user": unquote(address.username) if address.username else None,
        "password": unquote(address.password) if address.password else None,
        "fullpath": f"{address.path or '/'}?{address.query}" if address.query else address.path,
        "payload": fields,
    }
    return Receiver("the webhook", service, title, body)
