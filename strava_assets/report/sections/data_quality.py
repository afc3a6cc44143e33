"""How far the numbers can be trusted: the last sync, rides without power, estimates, what was rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.changed_definitions import CHANGED
from strava_assets.report.number_format import day, instant, number, quantity
from strava_assets.report.section import Section, Table
from strava_assets.report.sections import activities_to_check

if TYPE_CHECKING:
    from strava_assets.report.number_format import Units
    from strava_assets.report.report_figures import Figures, Row

_TOPIC = "About the data"
_NO_PLACES = "Nothing on this page says where you ride: it has no map and no coordinates."
_SHAPE_DRAWN = (
    "The shape of the last ride's route is drawn, as your settings ask. Nothing else on this page says where "
    "you ride: it has no map and no coordinates."
)


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - counts have no length
    """The section from the activities and the loaded batches."""
    counts = figures.quality
    if not counts.get("activities"):
        return Section(
            "quality", _TOPIC, "No activity has been loaded yet; run a sync, then this page again."
        )
    rides = counts["rides"]
    finding = f"Last synced {instant(counts.get('last_sync'))}."
    if rides:
        share = 100 * counts["power_rides"] / rides
        carried = f"{quantity(share, '%')} of the rides carry" if share else "None of the rides carries"
        finding = f"{carried} measured power. {finding}"
    rejected = counts.get("rejected") or 0
    rows = [
        ("Activities", number(counts["activities"]), "of every sport, still on Strava"),
        ("Rides", number(rides), "without a motor"),
        ("Rides with a power meter", number(counts["power_rides"]), "all watts and work here come from them"),
        *_streams(counts, fetched=figures.fetches_streams),
        ("Rides with estimated power", number(counts["estimated_rides"]), "never mixed with measured watts"),
        (
            "Rides without power",
            number(rides - counts["power_rides"] - counts["estimated_rides"]),
            "in time, distance and climbing",
        ),
        ("E-bike rides", number(counts["ebike_rides"]), "counted separately"),
        ("Entered manually", number(counts["manual_rides"]), "in the totals, never a record"),
        ("Flagged on Strava", number(counts["flagged_rides"]), "in the totals, never a record"),
        (
            "Rejected records",
            number(rejected),
            "could not be read; they are kept" if rejected else "every record could be read",
        ),
        (
            "Last full listing",
            instant(counts.get("last_full_listing")),
            "when edits and deletions of any age were last seen",
        ),
    ]
    rows += [("Worth a look", "", warning) for warning in figures.warnings]
    return Section(
        "quality",
        _TOPIC,
        finding,
        tables=[
            Table(
                "What the numbers rest on",
                ("Of the history", "Count", "What it means"),
                list(rows),
                words=frozenset({0, 2}),
            ),
            *activities_to_check.tables(figures),
            Table(
                "Changed definitions, and since when they hold",
                ("Figure", "Since", "What holds now"),
                [(figure, day(since), text) for since, figure, text in CHANGED],
                words=frozenset({0, 1, 2}),
            ),
        ],
        note=_SHAPE_DRAWN if figures.last_ride_shape else _NO_PLACES,
        short="The data",
        sports="together",
    )


def _streams(counts: Row, *, fetched: bool) -> list[tuple[str, str, str]]:
    """The rides whose seconds are known; no rows before a sync has fetched any."""
    if "stream_rides" not in counts:
        return []
    to_come, none, unreadable = (counts[f"streams_{state}"] for state in ("to_come", "none", "unreadable"))
    source = "each sync fetches some; your bulk export" if fetched else "your bulk export"
    rows = [
        (
            "Rides with seconds",
            number(counts["stream_rides"]),
            "the power curve, best efforts and zones use them",
        ),
        (
            "Rides without seconds yet",
            number(to_come),
            f"{source} brings all at once" if to_come else "nothing is left to fetch",
        ),
    ]
    if none:
        rows.append(("Without seconds", number(none), "Strava has no recording of them"))
    if unreadable:
        rows.append(
            (
                "Unreadable seconds",
                number(unreadable),
                "recordings that could not be read; the reasons are kept",
            )
        )
    return rows
