"""Exports activities with strava2gpx; its HTTP library is set to obey the environment's proxy.

Run by the Python of `make tools-clients` as `strava2gpx_calls.py FOLDER ID...`.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from pathlib import Path

import aiohttp
from strava2gpx import strava2gpx

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "12345", "sandbox-secret", "sandbox-refresh"


async def export(folder: Path, activities: list[str]) -> None:
    """List all activities, then write a GPX file of each of the given ones."""
    client = strava2gpx(CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN)
    await client.connect()
    await client.get_activities_list()
    for activity in activities:
        await client.write_to_gpx(activity, output=str(folder / activity))


if __name__ == "__main__":
    obeying = functools.partial(aiohttp.ClientSession, trust_env=True)
    aiohttp.ClientSession = obeying  # type: ignore[assignment,misc] # its sessions are made without arguments
    asyncio.run(export(Path(sys.argv[1]), sys.argv[2:]))
