"""The gear of the sample athlete's `athlete.toml`: names, and service intervals of the bikes used most."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.sandbox.sample_profile import ROAD_BIKE, TRAINER_BIKE, profile

if TYPE_CHECKING:
    from datetime import date

_SERVICE_EVERY_KM = {ROAD_BIKE: 3000, TRAINER_BIKE: 2000}
_SINCE_SERVICE = timedelta(days=150)


def gear_entries(today: date) -> str:
    """The `[[gear]]` entries, named as in the sample athlete's profile."""
    serviced_on = today - _SINCE_SERVICE
    athlete = profile()
    lines = []
    for gear in [*athlete["bikes"], *athlete["shoes"]]:
        lines += ["[[gear]]", f'id = "{gear["id"]}"', f'name = "{gear["name"]}"']
        if gear["id"] in _SERVICE_EVERY_KM:
            lines += [f"service_every_km = {_SERVICE_EVERY_KM[gear['id']]}", f"serviced_on = {serviced_on}"]
        lines.append("")
    return "\n".join(lines)
