"""Whose recordings are that no export describes, and what becomes of those imported before anyone was known.

Without a login or an export they belong to the athlete `local`. The first athlete whose activities come from
Strava adopts them: the landing and the stream store are rewritten, and the next load rebuilds the table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.archive import ArchiveError
from strava_assets.history.landed_records import compacted_line, landed_records
from strava_assets.landing import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from strava_assets.history.landed_records import LandedRecord
    from strava_assets.landing import Landing
    from strava_assets.streams import StreamStore

LOCAL = "local"
"""The athlete of recordings that were imported before any athlete was known."""


def athlete_of_files(landing: Landing, token_athlete_id: str | None) -> str:
    """The athlete of recordings without an export, if the user does not name one.

    Args:
        landing: contains the batches of all athletes.
        token_athlete_id: the athlete who is logged in, if any.

    Raises:
        ArchiveError: several athletes are known, and none was named.
        LandingError: the landing cannot be read.
    """
    athletes = landing.athletes() | {token_athlete_id}
    names = sorted(athlete for athlete in athletes if athlete and athlete != LOCAL)
    if len(names) > 1:
        raise ArchiveError(
            f"Several athletes have data here: {', '.join(names)}.",
            means="Recordings do not say whose they are. Nothing was imported.",
            remedy="Name the athlete: strava-assets import PATH --athlete ID.",
        )
    return names[0] if names else LOCAL


def adopt_local(landing: Landing, store: StreamStore) -> str | None:
    """Give the recordings of `local` to the first athlete whose activities have landed.

    Running it again after a crash completes it.

    Returns:
        The athlete who adopted them; None if there was nothing to adopt, or the landing is of one shard.

    Raises:
        LandingError: the landing is damaged or cannot be written.
        StreamsError: the store is damaged or cannot be written.
    """
    # The athlete may belong to another shard.
    local = landing.manifests(LOCAL) if landing.shard is None else []
    if not local:
        return None
    manifests = landing.manifests()
    batches = [manifest for manifest in manifests if manifest.athlete_id == LOCAL]
    athlete_id = next((m.athlete_id for m in manifests if m.athlete_id not in (None, LOCAL)), None)
    if not batches:
        # They were adopted, and a crash prevented that they were removed.
        landing.remove(local)
    if not athlete_id or not batches:
        return None
    _adopt_recordings(store, athlete_id)
    _adopt_batches(landing, batches, athlete_id)
    return athlete_id


def _adopt_recordings(store: StreamStore, athlete_id: str) -> None:
    entries = [entry for entry in store.entries().values() if entry.athlete_id == LOCAL]
    with store.writer() as writer:
        for entry, recording in store.read(entries):
            column = pa.repeat(pa.scalar(athlete_id), recording.num_rows)
            index = recording.schema.get_field_index("athlete_id")
            owned = recording.set_column(index, recording.schema.field(index), column)
            writer.add(replace(entry, athlete_id=athlete_id, part=None, row_group=None), owned)
    store.remove_athlete(LOCAL)


def _adopt_batches(landing: Landing, batches: Sequence[Manifest], athlete_id: str) -> None:
    """Replace the batches by one of the athlete, which is not loaded yet and so calls for a rebuild."""
    last = batches[-1]
    batch = landing.begin("compacted", last.started_at, athlete_id)
    pages = (page for manifest in batches for page in landed_records(landing, manifest))
    for page in pages:
        body = b"\n".join(compacted_line(_owned(landed, athlete_id)) for landed in page)
        batch.write_page(len(batch.pages) + 1, body, last.finished_at, len(page))
    batch.commit(
        Manifest(
            batch_id=batch.batch_id,
            kind="compacted",
            source="file",
            athlete_id=athlete_id,
            started_at=last.started_at,
            finished_at=last.finished_at,
            complete=False,
            pages=tuple(batch.pages),
            records=sum(manifest.records for manifest in batches),
            activity_ids=_distinct(each for manifest in batches for each in manifest.activity_ids),
            oldest_start=min((m.oldest_start for m in batches if m.oldest_start), default=None),
            newest_start=max((m.newest_start for m in batches if m.newest_start), default=None),
            replaces=tuple(manifest.batch_id for manifest in batches),
        )
    )
    landing.remove(batches)


def _owned(landed: LandedRecord, athlete_id: str) -> LandedRecord:
    record: dict[str, Any] = landed.record | {"athlete": {"id": int(athlete_id)}}
    return replace(landed, record=record)


def _distinct(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
