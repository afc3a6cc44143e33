"""Whether the stored data is whole: what `strava-assets verify` finds, a line for each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.checkups.finding import Finding, State, broken, failed, ok
from strava_assets.cli.verification import is_anything_stored, verdicts
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings


def look(settings: Settings) -> Iterator[Finding]:
    """Compare the table with its rebuild and every stored file with its digest; says nothing without data.

    Raises:
        StravaAssetsError: a place cannot be read.
    """
    try:
        yield from _verified(settings)
    except StravaAssetsError as error:
        if not error.transient:
            raise
        # A sync that runs is no fault; the next look will tell.
        yield failed("verify", error, State.WARNING)


def _verified(settings: Settings) -> Iterator[Finding]:
    if not is_anything_stored(settings):
        return
    for verdict in verdicts(settings):
        if not verdict.differences:
            yield ok("verify", f"{verdict.place}: {verdict.checked} Nothing differs.")
            continue
        more = f" And {verdict.differences - 1:,} more differences." if verdict.differences > 1 else ""
        said = " ".join(filter(None, (f"{verdict.place}:", verdict.checked, verdict.named[0] + more)))
        yield broken("verify", said, verdict.remedy or "strava-assets verify names all of it")
