"""The sending process: reads receivers from stdin, sends the messages, and writes the results to stdout.

It is a separate process because apprise needs seconds and 40 MB to import, logs full addresses at level
DEBUG, and leaves a thread behind if a receiver never completes its response.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import apprise

if TYPE_CHECKING:
    from collections.abc import Mapping

# The time limit of all attempts at one receiver.
SERVICE_LIMIT_S = 30.0
_RETRIES = 2
_STATUS = re.compile(r"error=(\d{3})\b")


def main() -> None:
    """Process the request and write the results, then exit without waiting for hanging threads."""
    request = json.loads(sys.stdin.buffer.read())
    act = send if request["send"] else check
    with ThreadPoolExecutor(max(1, len(request["receivers"]))) as pool:
        results = list(pool.map(act, request["receivers"]))
    sys.stdout.write(json.dumps(results))
    sys.stdout.flush()
    os._exit(0)


def check(receiver: Mapping[str, Any]) -> dict[str, str]:
    """Check an address without sending anything. The problem is empty if apprise can use it."""
    with apprise.LogCapture(level=logging.WARNING) as warnings:  # type: ignore[no-untyped-call]  # declares no type
        service = _service(receiver)
        if service is None:
            return {"problem": "apprise does not support this address."}
        if warnings.getvalue():
            return {"problem": "A part of the address is unknown and would be ignored."}
    return {"problem": ""}


def send(receiver: Mapping[str, Any]) -> dict[str, str]:
    """Send a message. The problem is empty on success and never contains an address."""
    service = _service(receiver)
    if service is None:
        return {"problem": "apprise does not support this address."}
    notifier = apprise.Apprise(service, asset=service.asset)
    result = notifier.notify(
        title=receiver["title"],
        body=receiver["body"],
        # apprise escapes plain text for services with markup.
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=receiver["type"],
    )
    return {"problem": "" if result else _reason(result)}


def _service(receiver: Mapping[str, Any]) -> Any:
    asset = apprise.AppriseAsset(
        app_id="strava_assets",
        app_desc="strava_assets",
        language="en",
        # Images would be loaded from a third party by the reader.
        image_path_mask=False,
        image_url_mask="",
        image_url_logo="",
        storage_mode="memory",
        service_timeout=SERVICE_LIMIT_S,
        default_service_retry=_RETRIES,
        default_service_wait=1.0,
    )
    return apprise.Apprise.instantiate(receiver["service"], asset=asset)


def _reason(result: Any) -> str:
    """Why the message was not accepted. apprise's own text may contain parts of the address."""
    if result.status == apprise.AppriseResultStatus.TIMEOUT:
        return "It did not respond in time."
    logs = "\n".join(entry.message for service in result for entry in service.logs())
    if statuses := _STATUS.findall(logs):
        return f"It responded with status {statuses[-1]}."
    if "onnection error" in logs:
        return "It could not be reached."
    return "It did not accept the message."


if __name__ == "__main__":
    main()
