"""Measures webhooks: calls to Strava per day with polling and with events, and seconds from upload to page.

The days are played with the sandbox's and the platform's own code, four scheduled syncs a day, on the sample
athlete, who uploads on most days; the clock of the sync is moved. The seconds are those of a real
`strava-assets up` with a receiver and a subscription, each a process of its own.

    python -m benchmarks.webhooks [--days 28] [--uploads 3]
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.history.fetch import SyncRequest, fetch
from strava_assets.history.webhook_sync import EventRequest
from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox, serve
from strava_assets.settings_reader import load_settings
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
from strava_assets.webhooks.events import Event
from strava_assets.webhooks.state import ReceiverStatus, Subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox import RunningSandbox
    from strava_assets.settings import Settings

COMMAND = str(Path(sys.executable).with_name("strava-assets"))
TODAY = date(2026, 11, 23)
START = datetime(2026, 11, 23, tzinfo=UTC)
# Of the sample athlete: about 1,200 activities in four years.
UPLOADS_PER_DAY = 0.8
CREDENTIALS = {
    "STRAVA_CLIENT_ID": CLIENT_ID,
    "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
    "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=28, help="How many days are played; 0 for none.")
    parser.add_argument("--uploads", type=int, default=3, help="How many uploads are timed.")
    options = parser.parse_args()
    for webhooks in (False, True) if options.days else ():
        with tempfile.TemporaryDirectory() as folder:
            play_days(Path(folder), options.days, webhooks=webhooks)
    with tempfile.TemporaryDirectory() as folder:
        time_uploads(Path(folder), options.uploads)


def environment(server: RunningSandbox, folder: Path) -> dict[str, str]:
    return CREDENTIALS | {
        "STRAVA_API_BASE_URL": server.base_url,
        "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
        "STRAVA_ASSETS_HOME": str(folder / "data"),
        "STRAVA_ASSETS_WEBHOOKS": "true",
        "STRAVA_ASSETS_SCHEDULES_RUNNING": "true",
        "STRAVA_ASSETS_STREAMS": "none",
    }


def play_days(folder: Path, days: int, *, webhooks: bool) -> None:
    """Count the list calls of so many days after the first sync."""
    now = START
    sandbox = Sandbox.sample(today=TODAY, clock=lambda: now, limits=None)
    with serve(sandbox) as server:
        settings = load_settings(environment(server, folder), env_file=None)
        sync(settings, now, EventRequest(), webhooks=webhooks)
        owner_id = str(sandbox.athlete["id"])
        folders = wiring.webhooks(settings)
        folders.state.write_subscription(Subscription(1, "", (owner_id,), now))
        before = len(sandbox.requests)
        due, uploads = 0.0, 0
        for quarter in range(1, days * 4 + 1):
            now = START + timedelta(hours=6 * quarter)
            folders.state.write_receiver(ReceiverStatus(now, now))
            if quarter % 4 == 3:
                due += UPLOADS_PER_DAY
                if due >= 1:
                    due -= 1
                    uploads += 1
                    added = sandbox.history.add(start_date=now - timedelta(hours=2))
                    if webhooks:
                        event = Event(owner_id, "activity", str(added), "create", int(now.timestamp()))
                        folders.events.add(event)
                        sync(settings, now, EventRequest((event.name,)), webhooks=True)
                        folders.events.remove(owner_id, [event.name])
            sync(settings, now, EventRequest(only_if_due=True), webhooks=webhooks)
        calls = [call.path for call in sandbox.requests[before:]]
        tokens = sum(path.endswith("/token") for path in calls)
        name = "webhooks" if webhooks else "polling"
        print(
            f"{name:<9} {days} days, {uploads} uploads, {len(sandbox.history)} activities: "
            f"{(len(calls) - tokens) / days:.1f} calls of the API a day, {tokens / days:.1f} of OAuth"
        )


def sync(settings: Settings, now: datetime, events: EventRequest, *, webhooks: bool) -> None:
    tokens, landing = wiring.token_store(settings), wiring.landing(settings)
    auth = Authenticator(tokens, settings.oauth_base_url, clock=lambda: now)
    pacer = Pacer(clock=lambda: now, sleep=time.sleep)
    client = StravaClient(auth, settings.api_base_url, pacer=pacer, clock=lambda: now)
    if webhooks:
        wiring.webhooks(settings).sync(
            client,
            tokens,
            landing,
            SyncRequest(),
            events,
            clock=lambda: now,
            announce=lambda _: None,
        )
    else:
        fetch(client, tokens, landing, SyncRequest(), clock=lambda: now)


def time_uploads(folder: Path, uploads: int) -> None:
    """Time the way from an upload to the page that shows it."""
    with ExitStack() as stack:
        server = stack.enter_context(serve(Sandbox.sample(limits=None)))
        server.sandbox.tokens.rotate_refresh_token = False
        environ = os.environ | environment(server, folder)
        stack.enter_context(command(folder, environ, "Ctrl-C stops everything", "up", "--no-ui"))
        line = stack.enter_context(
            command(folder, environ, "The receiver listens on", "webhook", "serve", "--port", "0")
        )
        address = re.search(r"127\.0\.0\.1:\d+", line)
        assert address
        subprocess.run(  # noqa: S603 - our own command
            [COMMAND, "webhook", "subscribe", "--url", f"http://{address[0]}"],
            cwd=folder,
            env=environ,
            check=True,
        )
        page = folder / "data" / "report" / "index.html"
        while not page.exists():
            time.sleep(1)
        seconds = [time_upload(server.sandbox, page, number) for number in range(uploads)]
    print(f"from upload to page: median {statistics.median(seconds):.0f} s of {uploads} ({seconds})")


def time_upload(sandbox: Sandbox, page: Path, number: int) -> float:
    name = f"Benchmark ride {number}"
    began = time.monotonic()
    # Each is the last ride, which the page names; so short that it does not overlap the one before.
    sandbox.history.add(name=name, start_date=datetime.now(UTC) - timedelta(minutes=10), moving_time=30)
    while name not in page.read_text(encoding="utf-8"):
        time.sleep(0.5)
    taken = round(time.monotonic() - began, 1)
    # The next run may start a minute after this one.
    time.sleep(60)
    return taken


@contextmanager
def command(folder: Path, environ: dict[str, str], ready: str, *arguments: str) -> Iterator[str]:
    """A running command; yields the line with which it is ready."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, *arguments], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield next(line for line in process.stdout if ready in line)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
