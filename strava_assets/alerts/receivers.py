"""Who gets a message, made of the settings; one entry a receiver, in the form that `sender.py` takes."""

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
        name: how a person is told of it; holds no secret.
        service: apprise's address, or the arguments of one of its services.
        title: what it gets as the title.
        body: what it gets as the text.
    """

    name: str
    service: str | dict[str, Any]
    title: str
    body: str

    def __repr__(self) -> str:
        return f"Receiver({self.name!r})"


def receivers_of(settings: Settings, message: Message) -> list[Receiver]:
    """Every receiver that the settings name."""
    addresses = split_addresses(settings.alert_urls.get_secret_value()) if settings.alert_urls else ()
    named = [
        Receiver(f"address {number} ({scheme_of(address)}://…)", address, message.title, message.body)
        for number, address in enumerate(addresses, start=1)
    ]
    return [*named, *_of_old_settings(settings, message)]


def _of_old_settings(settings: Settings, message: Message) -> Iterator[Receiver]:
    """The receivers of the settings before STRAVA_ASSETS_ALERT_URLS; they get what they always got."""
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
    # apprise names the fields of its JSON; an empty value leaves one out.
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
