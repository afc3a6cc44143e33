"""How far the numbers can be trusted: the last sync, rides without power, estimates, what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.report.figures import instant
from strava_assets.report.numbers import counted, number, quantity
from strava_assets.report.sections.parts import Section, Table

if TYPE_CHECKING:
    from strava_assets.report.figures import Figures, Row
    from strava_assets.report.numbers import Units

_TOPIC = "About the data"


def build(figures: Figures, units: Units) -> Section:  # noqa: ARG001 - counts have no length
    """The section from the activities and the ledger of loading."""
    found = figures.quality
    if not found.get("activities"):
        return Section(
            "quality", _TOPIC, "No activity has been loaded yet; run a sync, then this page again."
        )
    rides = found["rides"]
    finding = f"Last synced {instant(found.get('last_sync'))}."
    if rides:
        share = 100 * found["power_rides"] / rides
        carried = f"{quantity(share, '%')} of the rides carry" if share else "None of the rides carries"
        finding = f"{carried} measured power. {finding}"
    rejected = found.get("rejected") or 0
    rows = [
        ("Activities", number(found["activities"]), "of every sport, still on Strava"),
        ("Rides", number(rides), "without a motor"),
        ("Rides with a power meter", number(found["power_rides"]), "all watts and work here are theirs"),
        *_streams(found, fetched=figures.fetches_streams),
        ("Rides with estimated power", number(found["estimated_rides"]), "never mixed with measured watts"),
        (
            "Rides without power",
            number(rides - found["power_rides"] - found["estimated_rides"]),
            "in time, distance and climbing",
        ),
        ("E-bike rides", number(found["ebike_rides"]), "apart from everything else"),
        ("Typed in by hand", number(found["manual_rides"]), "in the totals, never a record"),
        ("Flagged on Strava", number(found["flagged_rides"]), "in the totals, never a record"),
        (
            "Set aside",
            number(rejected),
            "records that could not be read, kept whole" if rejected else "every record could be read",
        ),
        (
            "Last full listing",
            instant(found.get("last_full_listing")),
            "when edits and deletions of any age were last seen",
        ),
    ]
    rows += [("Worth a look", "", warning) for warning in figures.warnings]
    others = (
        f" The warehouse also holds {counted(figures.other_athletes, 'other athlete')}, not shown here."
        if figures.other_athletes
        else ""
    )
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
                is_open=True,
            )
        ],
        note="Nothing on this page says where you ride: it has no map and no coordinates." + others,
        short="The data",
    )


def _streams(found: Row, *, fetched: bool) -> list[tuple[str, str, str]]:
    """What is known of the rides' seconds; nothing before they were first asked for."""
    if "stream_rides" not in found:
        return []
    to_come, none, unreadable = (found[f"streams_{state}"] for state in ("to_come", "none", "unreadable"))
    way = "each sync fetches some; your bulk export" if fetched else "your bulk export"
    rows = [
        (
            "Their seconds known",
            number(found["stream_rides"]),
            "the power curve, best efforts and zones are theirs",
        ),
        (
            "Their seconds to come",
            number(to_come),
            f"{way} brings all at once" if to_come else "nothing is left to fetch",
        ),
    ]
    if none:
        rows.append(("Without seconds", number(none), "Strava has no recording of them"))
    if unreadable:
        rows.append(
            ("Seconds set aside", number(unreadable), "recordings that could not be read, with their reasons")
        )
    return rows
