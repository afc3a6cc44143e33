"""The process that sends: reads receivers on its input, hands each its message, says how they took it.

It is a process of its own because apprise takes seconds and 40 MB to import, logs whole addresses at level
DEBUG, and leaves a thread behind for a receiver that never ends its answer.
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

# What all tries at one receiver may take together.
SERVICE_LIMIT_S = 30.0
_RETRIES = 2
_STATUS = re.compile(r"error=(\d{3})\b")


def main() -> None:
    """Read what is to be done, do it, write a list of results; end at once, whatever still hangs."""
    order = json.loads(sys.stdin.buffer.read())
    act = send if order["send"] else check
    with ThreadPoolExecutor(max(1, len(order["receivers"]))) as pool:
        results = list(pool.map(act, order["receivers"]))
    sys.stdout.write(json.dumps(results))
    sys.stdout.flush()
    os._exit(0)


def check(receiver: Mapping[str, Any]) -> dict[str, str]:
    """Whether apprise can use the address; nothing is sent. The problem is empty where it can."""
    with apprise.LogCapture(level=logging.WARNING) as complaints:  # type: ignore[no-untyped-call]  # declares no type
        service = _service(receiver)
        if service is None:
            return {"problem": "It is not an address that apprise knows."}
        if complaints.getvalue():
            return {"problem": "A part of the address is not understood and would be left out."}
    return {"problem": ""}


def send(receiver: Mapping[str, Any]) -> dict[str, str]:
    """Hand the message over. The problem is empty where it was accepted, and never quotes an address."""
    service = _service(receiver)
    if service is None:
        return {"problem": "It is not an address that apprise knows."}
    courier = apprise.Apprise(service, asset=service.asset)
    result = courier.notify(
        title=receiver["title"],
        body=receiver["body"],
        # Plain text: apprise escapes it for services that read markup.
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=receiver["type"],
    )
    return {"problem": "" if result else _reason(result)}


def _service(receiver: Mapping[str, Any]) -> Any:
    asset = apprise.AppriseAsset(
        app_id="strava_assets",
        app_desc="strava_assets",
        language="en",
        # Pictures would be loaded from elsewhere by whoever reads the message.
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
    """Why it was not accepted, in words of ours: apprise's own may hold parts of the address."""
    if result.status == apprise.AppriseResultStatus.TIMEOUT:
        return "It did not answer in time."
    logs = "\n".join(entry.message for service in result for entry in service.logs())
    if statuses := _STATUS.findall(logs):
        return f"It answered with status {statuses[-1]}."
    if "onnection error" in logs:
        return "It could not be reached."
    return "It did not accept the message."


if __name__ == "__main__":
    main()
