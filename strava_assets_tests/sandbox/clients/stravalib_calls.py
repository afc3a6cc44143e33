"""Calls of stravalib, which validates each response with pydantic; prints what it received as JSON.

Run by the Python of `make tools-clients`, with the sandbox as https://www.strava.com.
"""

from __future__ import annotations

import json
import sys

from stravalib import Client, exc

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = 12345, "sandbox-secret", "sandbox-refresh"


def main() -> None:
    """Every call of stravalib that the sandbox serves, over several kinds of activity."""
    client = Client()
    access = client.refresh_access_token(CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN)
    client.access_token = access["access_token"]
    athlete = client.get_athlete()
    activities = list(client.get_activities(limit=250))
    seen: dict[str, int] = {}
    streams = laps = zones = splits = efforts = 0
    for activity in activities:
        sport = f"{activity.sport_type.root} {activity.manual}"
        seen[sport] = seen.get(sport, 0) + 1
        if seen[sport] > 2:
            continue
        detail = client.get_activity(activity.id)
        splits += len(detail.splits_metric or [])
        efforts += len(detail.best_efforts or [])
        laps += len(list(client.get_activity_laps(activity.id)))
        zones += len(client.get_activity_zones(activity.id))
        assert len(list(client.get_activity_kudos(activity.id))) == activity.kudos_count
        assert len(list(client.get_activity_comments(activity.id))) == activity.comment_count
        if not activity.manual:
            received = client.get_activity_streams(
                activity.id, types=["time", "watts", "latlng"], resolution="medium", series_type="time"
            )
            assert all(len(stream.data) <= 1_000 for stream in received.values())
            streams += len(received)
    stats = client.get_athlete_stats(athlete.id)
    bikes = [client.get_gear(bike.id) for bike in athlete.bikes or []]
    try:
        client.get_activity(1)
    except exc.ObjectNotFound as error:
        missing = str(error)
    document = {
        "activities": len(activities),
        "kinds": len(seen),
        "streams": streams,
        "laps": laps,
        "zones": zones,
        "splits": splits,
        "best_efforts": efforts,
        "rides": stats.all_ride_totals.count if stats.all_ride_totals else 0,
        "bikes_m": sum(bike.distance or 0 for bike in bikes),
        "power_zones": len(client.get_athlete_zones().power.zones.root),
        "clubs": len(list(client.get_athlete_clubs())),
        "missing": missing,
    }
    json.dump(document, sys.stdout)


if __name__ == "__main__":
    main()
