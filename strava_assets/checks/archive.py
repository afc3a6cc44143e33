"""The checks of `archive_activities`: recordings that were set aside, and imports that were not finished."""

from strava_assets.data_checks import Check, Finding, Subject


def every_recording_was_read(subject: Subject) -> Finding:
    """Every recording of the exports could be used."""
    rows = [
        {"activity_id": entry.activity_id, "file": entry.origin, "reason": entry.reason}
        for entry in sorted(subject.streams.entries().values(), key=lambda entry: entry.key)
        if entry.source == "archive" and entry.status == "unreadable"
    ]
    return Finding.none_of(rows, "recordings of the export that were set aside")


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
        "Every recording of the exports could be read; the others are listed with file and reason.",
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
