"""Checks the athletes of a home with several: how their fetches go, and when each will be up to date.

Strava is not asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.checkups.finding import ok, spoken, warning
from strava_assets.cli.console import name_some
from strava_assets.history.adoption import LOCAL
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.cli.checkups.finding import Finding
    from strava_assets.landing.athlete_index import Athlete, FetchState
    from strava_assets.settings import Settings

MOST_LISTED = 20


def look(settings: Settings) -> Iterator[Finding]:
    """Look at each athlete's last fetch; nothing with one athlete.

    Raises:
        StravaAssetsError: The index of the athletes or the landing cannot be read.
    """
    index = wiring.athlete_index(settings)
    athletes = index.athletes()
    landed = wiring.landing(settings).athletes() - {LOCAL}
    unlisted = sorted(landed - {athlete.athlete_id for athlete in athletes})
    if unlisted and len(athletes) + len(unlisted) > 1:
        yield warning(
            "athletes",
            f"With data here, and not in the list of the athletes: {name_some(unlisted)}. They are not "
            "fetched, and have no page.",
            "Run strava-assets athletes, which lists them again. Who is without a login then runs "
            "strava-assets login.",
        )
    if len(athletes) < 2:
        return
    logged_in = [athlete for athlete in athletes if athlete.logged_in]
    yield ok("athletes", f"{counted(len(athletes), 'athlete')}, {len(logged_in):,} of them logged in.")
    states = index.states([athlete.athlete_id for athlete in logged_in])
    now = datetime.now(UTC)
    findings = [_athlete(athlete, states.get(athlete.athlete_id), now) for athlete in logged_in]
    # Those who need something come first.
    findings.sort(key=lambda finding: finding.state.value != "warning")
    yield from findings[:MOST_LISTED]
    if len(findings) > MOST_LISTED:
        yield ok("athletes", f"And {len(findings) - MOST_LISTED:,} more: strava-assets athletes lists all.")


def _athlete(athlete: Athlete, state: FetchState | None, now: datetime) -> Finding:
    name = athlete.label
    if state is None:
        return ok("athletes", f"{name}: not fetched yet; the next sync does it.")
    if state.trouble:
        remedy = (
            f"Run strava-assets login as {name}. Until then it is tried once a day."
            if state.refused_since
            else "Usually nothing: it is tried again, after longer and longer pauses."
        )
        return warning("athletes", f"{name}: {state.trouble}. {state.problem}", remedy)
    if not state.history_complete:
        pages = counted(state.expected_pages, "page")
        to_come = f"{pages} are still to come" if state.expected_pages else "more is to come"
        by = f"; expected by {state.expected_at:%Y-%m-%d %H:%M} UTC" if state.expected_at else ""
        return ok("athletes", f"{name}: the first load goes on, {to_come}{by}.")
    age = spoken(now - state.listed_at) if state.listed_at else "some time"
    return ok("athletes", f"{name}: up to date as of {age} ago.")
