"""Compares a first sync of many activities: this project, a bare loop of requests, and strava-offline.

Each contender runs in its own process with a sandbox without rate limits and with a valid access token. It
measures its own time without imports. The bare loop is the floor: it gets and parses every page and stores
nothing. This project is timed twice: its client alone, which also stores nothing, and the complete sync,
which lands every page, compressed and synced to disk, as one committed batch. strava-offline stores every
activity in SQLite; its URLs are fixed, so an adapter redirects them to the sandbox. It is installed into a
temporary environment.

A token refresh, due every six hours, is timed separately, because it runs in a separate process in which
killing the run cannot lose a rotated token.

    python benchmarks/sync_speed.py [--activities 10000] [--rounds 5] [--no-peer]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, RunningSandbox, Sandbox, serve

PEER = "strava-offline==1.1.1"

FLOOR = """
import sys, time, requests
began = time.perf_counter()
base, home, token = sys.argv[1:4]
session = requests.Session()
session.headers["Authorization"] = "Bearer " + token
page = count = 0
while True:
    page += 1
    asked = {"page": page, "per_page": 200}
    found = session.get(base + "/api/v3/athlete/activities", params=asked, timeout=30).json()
    if not found:
        break
    count += len(found)
print(count, time.perf_counter() - began)
"""

PROJECT = """
import sys, time
import fsspec.core, fsspec.implementations.local
from datetime import UTC, datetime
from pathlib import Path
from strava_assets.history.fetch import SyncRequest, fetch
from strava_assets.landing import Landing
from strava_assets.secrets import open_store
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
base, home, token, expires_at = sys.argv[1:5]
clock = lambda: datetime.now(UTC)
store = open_store("file", environ={}, path=Path(home) / "tokens.json")
store.write({"access_token": token, "expires_at": expires_at})
began = time.perf_counter()
client = StravaClient(Authenticator(store, base + "/oauth"), base + "/api/v3",
                      pacer=Pacer(clock=clock, sleep=time.sleep))
if KEEP:
    fetched = fetch(client, store, Landing(str(Path(home) / "landing")), SyncRequest(), clock=clock)
    count = len(fetched.listing.ids)
else:
    count = sum(len(page.new_ids) for page in client.pages())
print(count, time.perf_counter() - began)
"""

REFRESH = """
import sys, time
from pathlib import Path
from strava_assets.secrets import open_store
from strava_assets.strava.auth import Authenticator
base, home, _, _, client_id, client_secret, refresh_token = sys.argv[1:]
environ = {"STRAVA_CLIENT_ID": client_id, "STRAVA_CLIENT_SECRET": client_secret,
           "STRAVA_REFRESH_TOKEN": refresh_token}
began = time.perf_counter()
auth = Authenticator(open_store("file", environ=environ, path=Path(home) / "tokens.json"), base + "/oauth")
auth.access_token(base)
print(auth.calls, time.perf_counter() - began)
"""

OFFLINE = """
import json, sqlite3, sys, time
from pathlib import Path
from requests.adapters import HTTPAdapter
from strava_offline.cli import cli
base, home, access_token, expires_at, client_id, client_secret, _ = sys.argv[1:]
send = HTTPAdapter.send
def to_sandbox(self, request, *args, **kwargs):
    request.url = request.url.replace("https://www.strava.com", base)
    return send(self, request, *args, **kwargs)
HTTPAdapter.send = to_sandbox
token = {"access_token": access_token, "token_type": "Bearer", "expires_at": int(expires_at)}
Path(home, "token.json").write_text(json.dumps(token))
began = time.perf_counter()
cli(["sqlite", "--client-id", client_id, "--client-secret", client_secret,
     "--token-file", home + "/token.json", "--database", home + "/strava.sqlite"], standalone_mode=False)
took_s = time.perf_counter() - began
print(sqlite3.connect(home + "/strava.sqlite").execute("select count(*) from activity").fetchone()[0], took_s)
"""


def timed(python: str, script: str, server: RunningSandbox, expected: int) -> float:
    """The seconds that one contender measured; it must have processed all activities."""
    grant = server.sandbox.tokens.refresh(REFRESH_TOKEN)
    credentials = [grant.access_token, str(grant.expires_at), CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN]
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.run(  # noqa: S603 - the scripts above
            [python, "-c", script, server.base_url, home, *credentials],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"HOME": home},
        )
    count, took_s = process.stdout.split()[-2:]
    assert int(count) == expected, process.stdout
    return float(took_s)


def peer_python(folder: Path) -> str:
    """A new environment with the peer."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)  # noqa: S603 - our own interpreter
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)  # noqa: S603 - as above
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    sandbox = Sandbox.many(options.activities, limits=None)
    # Every contender starts from the same credentials.
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server, tempfile.TemporaryDirectory() as folder:
        contenders = {
            "bare loop of requests": (sys.executable, FLOOR),
            "strava_assets, client": (sys.executable, PROJECT.replace("KEEP", "False")),
            "strava_assets, sync": (sys.executable, PROJECT.replace("KEEP", "True")),
        }
        if not options.no_peer:
            contenders[PEER] = (peer_python(Path(folder)), OFFLINE)
        timings: dict[str, list[float]] = {name: [] for name in contenders}
        refreshes: list[float] = []
        for _ in range(options.rounds):
            for name, (python, script) in contenders.items():
                timings[name].append(timed(python, script, server, options.activities))
            refreshes.append(timed(sys.executable, REFRESH, server, 1))
    floor_s = statistics.median(timings["bare loop of requests"])
    print(f"First sync of {options.activities} activities, median of {options.rounds} rounds:")
    for name, seconds in timings.items():
        median_s = statistics.median(seconds)
        print(f"  {name:<24} {median_s:6.2f} s  {median_s / floor_s:5.2f} times the floor")
    print(f"A refresh, once in six hours: {statistics.median(refreshes):.2f} s")


if __name__ == "__main__":
    main()
