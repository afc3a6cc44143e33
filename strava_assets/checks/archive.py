"""The checks of `archive_activities`: recordings that were set aside, and imports that were not finished."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strava_assets.data_checks import Check, Finding, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.streams import StreamEntry


def every_recording_was_read(subject: Subject) -> Finding:
    """Every recording that was imported could be used; those that were repaired are listed."""
    imported = [entry for entry in subject.streams.entries().values() if entry.source != "api"]
    rejected = [entry for entry in imported if entry.status == "unreadable"]
    repaired = [entry for entry in imported if entry.notes]
    finding = Finding.none_of(_listed(subject, rejected, "reason"), "recordings that were set aside")
    if not finding.passed or not repaired:
        return finding
    message = f"{finding.message} Recordings that were repaired: {len(repaired)}."
    return replace(finding, message=message, rows=_listed(subject, repaired, "notes"))


def _listed(subject: Subject, entries: "Sequence[StreamEntry]", why: str) -> list[dict[str, Any]]:
    """Entries with the name and date of their activities, which may not be in the warehouse yet."""
    activities = _activities(subject) if entries else {}
    rows = []
    for entry in entries:
        activity = activities.get(entry.key, {})
        text = entry.reason if why == "reason" else " ".join(entry.notes)
        row = {
            "activity_id": entry.activity_id,
            "name": activity.get("name", ""),
            "date": str(activity.get("start_date_local", ""))[:10],
            "file": entry.origin,
        }
        rows.append(row | {why: text})
    return sorted(rows, key=lambda row: (row["date"], row["activity_id"]), reverse=True)


def _activities(subject: Subject) -> dict[tuple[str | None, str], dict[str, Any]]:
    """The activities of all exports and files, by athlete and id."""
    from strava_assets.history.landed_records import landed_records

    return {
        (manifest.athlete_id, str(landed.record.get("id"))): landed.record
        for manifest in subject.landing.manifests()
        if manifest.source != "api"
        for page in landed_records(subject.landing, manifest)
        for landed in page
    }


def every_import_was_finished(subject: Subject) -> Finding:
    """No recording came from an import whose rows have not landed: it was interrupted."""
    landed: set[tuple[str | None, str]] = set()
    for manifest in subject.landing.manifests():
        if manifest.source != "api":
            landed.update((manifest.athlete_id, activity_id) for activity_id in manifest.activity_ids)
    rows = [
        {"activity_id": entry.activity_id, "file": entry.origin}
        for entry in sorted(subject.streams.entries().values(), key=lambda entry: entry.key)
        if entry.source != "api" and entry.key not in landed
    ]
    return Finding.none_of(
        rows,
        "recordings whose rows have not landed",
        advice="That import was interrupted. Import the same export or files again; it continues from there.",
    )


CHECKS = (
    Check(
        "recordings_read",
        "Every recording of exports and files could be read. The others are listed with their reason, and if "
        "there are none, the recordings that were repaired.",
        every_recording_was_read,
        warn=True,
    ),
    Check(
        "imports_finished",
        "No import was interrupted between its recordings and its rows.",
        every_import_was_finished,
        warn=True,
    ),
)
