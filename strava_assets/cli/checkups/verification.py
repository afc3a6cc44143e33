"""Checks whether the stored data is complete: the results of `strava-assets verify`, one line per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.checkups.finding import Finding, State, broken, failed, ok
from strava_assets.cli.verification import has_stored_data, results
from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings


def look(settings: Settings) -> Iterator[Finding]:
    """Compare the table with its rebuild and every stored file with its digest. No finding without data.

    Raises:
        StravaAssetsError: A place cannot be read.
    """
    try:
        yield from _verified(settings)
    except StravaAssetsError as error:
        if not error.transient:
            raise
        # This is not an error: a sync is running.
        yield failed("verify", error, State.WARNING)


def _verified(settings: Settings) -> Iterator[Finding]:
    if not has_stored_data(settings):
        return
    for result in results(settings):
        if not result.differences:
            yield ok("verify", f"{result.place}: {result.checked} Nothing differs.")
            continue
        more = f" And {result.differences - 1:,} more differences." if result.differences > 1 else ""
        message = " ".join(filter(None, (f"{result.place}:", result.checked, result.named[0] + more)))
        yield broken("verify", message, result.remedy or "Run strava-assets verify, which names all of it.")
