"""What reads bytes that others wrote: each gets the bytes and a folder of its own, and returns or raises.

It raises `StravaAssetsError` where the bytes cannot be used. `UnreadableFileError` and
`UnreadableRecordError` are our answers about one file and one record; their callers count and name them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from strava_assets.archive import Export, UnreadableFileError, open_import
from strava_assets.archive.unpacking import decompress
from strava_assets.errors import StravaAssetsError
from strava_assets.history.archive_import import import_archive
from strava_assets.history.file_import import import_files
from strava_assets.history.landed_records import UnreadableRecordError, key_of, landed_records, read_record
from strava_assets.landing import Landing, Manifest
from strava_assets.profile import figures_file, gear_file, plan_file
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.secrets.file import FileStore
from strava_assets.settings_reader import load_settings
from strava_assets.strava.refresh import has_valid_access_token
from strava_assets.streams import StreamStore
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.receiver import Receiver
from strava_assets.webhooks.state import Subscription, WebhookState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SECRET = "c4n4ry"
"""What the corpus has in the place of each secret."""
OUR_ANSWERS = (StravaAssetsError, UnreadableFileError, UnreadableRecordError)


@dataclass(frozen=True)
class Target:
    """A reader of foreign bytes.

    Args:
        name: The name of its folder in the corpus.
        read: Gives the bytes to the code that reads them.
        shows: Whether these bytes have a secret where a message may quote it.
    """

    name: str
    read: Callable[[bytes, Path], object]
    shows: Callable[[bytes], bool] = lambda _content: False


def _recording(content: bytes, folder: Path) -> None:
    """A file of a device, imported as one from a folder or the inbox is."""
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "ride.fit").write_bytes(content)
    with open_import(folder / "files") as opened:
        assert not isinstance(opened, Export)
        report = import_files(
            opened,
            Landing(str(folder / "landing")),
            StreamStore(str(folder / "streams")),
            athlete_id="7",
            clock=lambda: NOW,
            home="Europe/Paris",
            processes=1,
            is_complete=True,
        )
    several = sum(report.several.values())
    assert report.new + len(report.rejected) + len(report.copies) == (several or 1)
    _read_rows(folder)


def _export(content: bytes, folder: Path) -> None:
    """A zip that is said to be Strava's export."""
    path = folder / "export_4711.zip"
    path.write_bytes(content)
    with open_import(path) as opened:
        if not isinstance(opened, Export):
            return
        import_archive(
            opened,
            Landing(str(folder / "landing")),
            StreamStore(str(folder / "streams")),
            clock=lambda: NOW,
            home="Europe/Paris",
            athlete="4711",
            processes=1,
        )
    _read_rows(folder)


def _export_table(content: bytes, folder: Path) -> None:
    """The table of an export: damage in a zip seldom gets past its checksums."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("activities.csv", content)
    _export(packed.getvalue(), folder)


def _read_rows(folder: Path) -> None:
    """What was landed can be read again, and stored."""
    landing = Landing(str(folder / "landing"))
    for manifest in landing.manifests():
        _rows_of(landing, manifest)


def _rows_of(landing: Landing, manifest: Manifest) -> None:
    import pyarrow as pa

    rows = []
    for page in landed_records(landing, manifest):
        for landed in page:
            with suppress(UnreadableRecordError):
                key_of(landed)
                rows.append(read_record(landed.record, landed.origin))
    pa.Table.from_pylist(rows, schema=arrow_schema(ACTIVITIES.columns))


def _batch(folder: Path, kind: Literal["full", "compacted"], body: bytes) -> tuple[Landing, Manifest]:
    landing = Landing(str(folder / "landing"))
    batch = landing.begin(kind, NOW, "7")
    batch.write_page(1, body, NOW, 1)
    manifest = Manifest(
        batch_id=batch.batch_id,
        kind=kind,
        source="api",
        athlete_id="7",
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=3),
        complete=True,
        after=None,
        before=None,
        pages=tuple(batch.pages),
        records=1,
        activity_ids=(),
        newest_start=None,
        calls={},
        replaces=(),
    )
    return landing, batch.commit(manifest)


def _page(content: bytes, folder: Path) -> None:
    """A page of the list endpoint, landed as it was received."""
    _rows_of(*_batch(folder, "full", content))


def _compacted_page(content: bytes, folder: Path) -> None:
    """A page of our own, a record a line."""
    _rows_of(*_batch(folder, "compacted", content))


def _packed_page(content: bytes, folder: Path) -> None:
    """The file of a page with whatever digest it has."""
    landing, manifest = _batch(folder, "full", b"[]")
    next((folder / "landing").rglob("page-*")).write_bytes(content)
    list(landing.pages(manifest))


def _manifest(content: bytes, folder: Path) -> None:
    landing = Landing(str(folder / "landing"))
    name = "20261123T060000.000000Z-full-abcdef"
    (folder / "landing" / name).mkdir(parents=True)
    (folder / "landing" / name / "manifest.json").write_bytes(content)
    (folder / "landing" / name / "page-00001.json.gz").write_bytes(gzip.compress(b"[]", mtime=0))
    for manifest in landing.manifests():
        _rows_of(landing, manifest)


def _conclusion(content: bytes, folder: Path) -> None:
    landing, manifest = _batch(folder, "full", b"[]")
    (folder / "landing" / "athlete=7" / manifest.batch_id / "concluded.json").write_bytes(content)
    landing.conclusion(manifest)


def _tokens(content: bytes, folder: Path) -> None:
    path = folder / "tokens.json"
    path.write_bytes(content)
    path.chmod(0o600)
    has_valid_access_token(FileStore(path).read(), NOW)


_PLAIN_SETTING = re.compile(rb"STRAVA_ASSETS_(?!ALERT)[A-Z_]*[ \t]*=[^\n]*" + SECRET.encode(), re.IGNORECASE)


def _has_secret_in_plain_setting(content: bytes) -> bool:
    """Whether a secret is the value of a setting that is none, whose value a message quotes."""
    return bool(_PLAIN_SETTING.search(content))


def _settings(content: bytes, folder: Path) -> None:
    path = folder / ".env"
    path.write_bytes(content)
    load_settings({}, path)


def _event(content: bytes, folder: Path) -> None:
    """The body of a request to the webhook's receiver; a stored event is read again."""
    address = str(folder / "events")
    WebhookState(address).write_subscription(Subscription(120_475, "0" * 64, ("7",), NOW))
    response = Receiver("a-verify-token", address, lambda: NOW)._store(content)
    assert response.status_code in (200, 400, 403)
    store = EventStore(address)
    for owner in store.owners():
        store.read(owner, store.waiting(owner))


def _webhook_state(content: bytes, folder: Path) -> None:
    (folder / "events").mkdir()
    for name in ("subscription.json", "receiver.json"):
        (folder / "events" / name).write_bytes(content)
    state = WebhookState(str(folder / "events"))
    state.subscription()
    state.is_listening(NOW)


def _streams(content: bytes, folder: Path) -> None:
    """A Parquet file of recordings."""
    part = folder / "streams" / "athlete=7" / "year=2026" / "part-20261123T060000.000000Z-abcdef.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    store = StreamStore(str(folder / "streams"))
    list(store.verify())
    list(store.read(store.entries().values()))


def _figures(content: bytes, folder: Path) -> None:
    path = folder / "athlete.toml"
    path.write_bytes(content)
    figures_file.refuse_doubles(figures_file.read(path, date(2026, 11, 23)))
    gear_file.read_gear(path)


def _plan(content: bytes, folder: Path) -> None:
    path = folder / "plan.csv"
    path.write_bytes(content)
    plan_file.plan_rows(plan_file.read_plan(path, date(2026, 11, 23)), ["7"])


TARGETS = (
    *(Target(name, _recording) for name in ("fit", "gpx", "tcx")),
    Target("export", _export),
    Target("export_table", _export_table),
    Target("gzip", lambda content, _: decompress(content, 1_000_000)),
    Target("page", _page),
    Target("compacted_page", _compacted_page),
    Target("packed_page", _packed_page),
    Target("manifest", _manifest),
    Target("conclusion", _conclusion),
    Target("tokens", _tokens),
    Target("settings", _settings, _has_secret_in_plain_setting),
    Target("event", _event),
    Target("webhook_state", _webhook_state),
    Target("streams", _streams),
    Target("figures", _figures),
    Target("plan", _plan),
)


def name_of(content: bytes) -> str:
    """The name under which a faulty input is kept."""
    return f"found-{hashlib.sha256(content).hexdigest()[:12]}"
