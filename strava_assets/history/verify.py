"""Verifies stored data: files against their digests, tables against a rebuild.

Nothing is changed. The rebuild uses the loaded batches and goes into a scratch warehouse that the caller
provides and removes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from strava_assets.errors import StravaAssetsError
from strava_assets.history import loaded_batches
from strava_assets.history.loader import Loader, rebuild_reason
from strava_assets.landing import DamagedFileError, Landing
from strava_assets.plurals import counted
from strava_assets.schema.activities import ACTIVITIES, LOADED_BATCHES, REJECTED_RECORDS
from strava_assets.warehouse.comparing import row_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from strava_assets.landing import Conclusion, Manifest
    from strava_assets.landing.names import BatchFolder
    from strava_assets.schema import Table
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.comparing import RowDifference
    from strava_assets.warehouse.engine import Warehouse

MOST_NAMED = 20
"""The number of differences listed per place; further ones are only counted."""

RESTORE = (
    "Restore the files from a backup, or move the folders of their batches out of the landing and run "
    "strava-assets sync --full."
)
REBUILD = "Run strava-assets rebuild, which makes the table from the landing."


class ChangedMeanwhileError(StravaAssetsError):
    """A sync or a compaction ran during the comparison."""

    transient = True

    def __init__(self) -> None:
        super().__init__(
            "The landing or the table was changed while they were being compared.",
            means="A sync ran meanwhile, so the comparison has no result. The data is not affected.",
            remedy="Run it again when no sync is running.",
        )


@dataclass(frozen=True)
class PlaceResult:
    """The result of verifying one place.

    Args:
        place: `landing`, `streams`, `bq_activities` or `rejected_records`.
        checked: what was compared, as a sentence; empty if nothing could be.
        differences: number of differences.
        named: the first differences, one sentence each.
        remedy: what to do about them; empty if the remedy of another place applies.
    """

    place: str
    checked: str
    differences: int = 0
    named: tuple[str, ...] = ()
    remedy: str = ""


class _Differences:
    """Counts differences and keeps the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.named: list[str] = []

    def add(self, sentence: str) -> None:
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(sentence)

    def result(self, place: str, checked: str, remedy: str) -> PlaceResult:
        return PlaceResult(place, checked, self.count, tuple(self.named), remedy if self.count else "")


def verify_streams(store: StreamStore, progress: Callable[[str, int, int | None], None]) -> PlaceResult:
    """Compare every stored recording with its digest.

    Raises:
        StreamsError: the address cannot be read.
    """
    differences = _Differences()
    parts = recordings = 0
    for report in store.verify():
        parts += 1
        recordings += report.recordings
        progress("recordings", recordings, None)
        for fault in report.faults:
            differences.add(fault)
    return differences.result(
        "streams",
        f"{counted(recordings, 'recording')} read from {counted(parts, 'file')}.",
        "Restore the files from a backup, or remove them: recordings from the API are then fetched again, "
        "and those from a bulk export are restored by importing it again.",
    )


class HistoryVerifier:
    """Verifies the landing and the tables.

    Args:
        landing: contains the batches.
        open_warehouse: opens the warehouse for reading; None if there is none yet.
        week_start: `monday` or `sunday`, as configured.
        expires: whether rows expire, so that a rebuild may have rejected records that the table lacks.
        progress: called with the name of the step, the number done, and the total if it is known.
    """

    def __init__(
        self,
        landing: Landing,
        open_warehouse: Callable[[], AbstractContextManager[Warehouse]] | None,
        *,
        week_start: str,
        expires: bool,
        progress: Callable[[str, int, int | None], None],
    ) -> None:
        self._landing = landing
        self._open_warehouse = open_warehouse
        self._week_start = week_start
        self._expires = expires
        self._progress = progress

    def verify(self, scratch: Warehouse, now: datetime) -> Iterator[PlaceResult]:
        """Compare the pages with their digests and the table with its rebuild.

        Args:
            scratch: an empty warehouse for the rebuild.
            now: aware UTC.

        Raises:
            ChangedMeanwhileError: another process changed the landing or the table.
            LandingError: the landing cannot be read.
            WarehouseError: the warehouse cannot be read.
        """
        try:
            manifests = self._landing.manifests()
        except DamagedFileError as damaged:
            yield PlaceResult("landing", "Its manifests were read.", 1, (damaged.happened,), damaged.remedy)
            yield _not_compared("a manifest is damaged")
            return
        readers = self._readers()
        files = self._verify_files(manifests)
        reason = rebuild_reason(readers, manifests)
        if files.count or reason or self._open_warehouse is None:
            self._refuse_changes(manifests, readers)
            yield self._landing_result(manifests, files)
        if files.count:
            yield _not_compared("landed files are damaged")
        elif reason:
            why = f"It was not compared. {reason}, and the next sync rebuilds it."
            yield PlaceResult(ACTIVITIES.name, "", 1, (why,), "Run strava-assets sync.")
        elif self._open_warehouse:
            yield from self._verify_tables(scratch, now, manifests, readers, files)

    def _verify_tables(
        self,
        scratch: Warehouse,
        now: datetime,
        manifests: list[Manifest],
        readers: dict[str, str],
        files: _Differences,
    ) -> Iterator[PlaceResult]:
        loaded = _LoadedLanding(self._landing.address, readers)
        tables: list[PlaceResult] = []
        try:
            self._rebuild(loaded, scratch, now)
        except DamagedFileError as damaged:
            files.add(damaged.happened)
            tables.append(_not_compared("landed files are damaged"))
        else:
            not_loaded = sum(manifest.batch_id not in readers for manifest in manifests)
            tables += self._compare(scratch, readers, not_loaded)
        self._refuse_changes(manifests, readers)
        for batch_id in loaded.without_conclusion:
            files.add(f"The batch {batch_id} lacks concluded.json, the conclusion from its listing.")
        yield self._landing_result(manifests, files)
        yield from tables

    def _readers(self) -> dict[str, str]:
        if self._open_warehouse is None:
            return {}
        with self._open_warehouse() as warehouse:
            return loaded_batches.readers(warehouse) if warehouse.exists(LOADED_BATCHES.name) else {}

    def _refuse_changes(self, manifests: list[Manifest], readers: dict[str, str]) -> None:
        before = [manifest.batch_id for manifest in manifests]
        if self._readers() != readers or before != [m.batch_id for m in self._landing.manifests()]:
            raise ChangedMeanwhileError

    def _verify_files(self, manifests: list[Manifest]) -> _Differences:
        differences = _Differences()
        total, done = _pages_of(manifests), 0
        for manifest in manifests:
            for entry in manifest.pages:
                try:
                    self._landing.page(manifest, entry)
                except DamagedFileError as damaged:
                    differences.add(damaged.happened)
                done += 1
                self._progress("pages", done, total)
            try:
                self._landing.conclusion(manifest)
            except DamagedFileError as damaged:
                differences.add(damaged.happened)
        return differences

    def _landing_result(self, manifests: list[Manifest], files: _Differences) -> PlaceResult:
        pages, batches = _pages_of(manifests), len(manifests)
        read = f"{counted(pages, 'page')} read from {counted(batches, 'batch', 'batches')}."
        return files.result("landing", read, RESTORE)

    def _rebuild(self, loaded: _LoadedLanding, scratch: Warehouse, now: datetime) -> None:
        total, done = len(loaded.manifests()), 0

        def count(_line: str) -> None:
            nonlocal done
            done += 1
            self._progress("batches", done, total)

        Loader(loaded, scratch, week_start=self._week_start, progress=count).load(now)

    def _compare(
        self, scratch: Warehouse, readers: Collection[str], not_loaded: int
    ) -> Iterator[PlaceResult]:
        if self._open_warehouse is None:
            return
        with self._open_warehouse() as warehouse:
            for table in (ACTIVITIES, REJECTED_RECORDS):
                if warehouse.exists(table.name):
                    yield self._compare_table(table, warehouse, scratch, not_loaded)
                elif readers:
                    missing = f"The table {table.name} does not exist, although batches were loaded into it."
                    yield PlaceResult(table.name, "", 1, (missing,), REBUILD)

    def _compare_table(
        self, table: Table, warehouse: Warehouse, scratch: Warehouse, not_loaded: int
    ) -> PlaceResult:
        counting = f"SELECT COUNT(*) AS n FROM {table.name}"  # noqa: S608 - the registry's names
        [count] = warehouse.query(counting).to_pylist()
        differences = _Differences()
        self._progress("rows", 0, None)
        for difference in row_differences(table, warehouse, scratch):
            is_missing = not difference.extra and not difference.columns
            if table is REJECTED_RECORDS and self._expires and is_missing:
                # A later version had resolved it, and has expired.
                continue
            differences.add(_sentence(table, difference))
        checked = f"{counted(count['n'], 'row')} compared with a rebuild from the landing."
        if not_loaded:
            checked += f" Batches not loaded yet, and left out: {not_loaded:,}."
        return differences.result(table.name, checked, REBUILD)


class _LoadedLanding(Landing):
    """A read-only landing with only the loaded batches."""

    def __init__(self, address: str, loaded: Collection[str]) -> None:
        super().__init__(address)
        self._loaded = loaded
        self.without_conclusion: list[str] = []

    @override
    def select(
        self,
        choose: Callable[[Sequence[BatchFolder]], Iterable[BatchFolder]],
        athlete_ids: Collection[str] | None = None,
    ) -> list[Manifest]:
        return super().select(
            lambda folders: choose([folder for folder in folders if folder.batch_id in self._loaded]),
            athlete_ids,
        )

    @override
    def conclude(self, manifest: Manifest, conclusion: Conclusion) -> None:
        self.without_conclusion.append(manifest.batch_id)


def _pages_of(manifests: list[Manifest]) -> int:
    return sum(len(manifest.pages) for manifest in manifests)


def _not_compared(why: str) -> PlaceResult:
    return PlaceResult(ACTIVITIES.name, "", 1, (f"It was not compared, because {why}.",))


def _sentence(table: Table, difference: RowDifference) -> str:
    name = _name_of_row(table, difference.key)
    if difference.columns:
        return f"{name} differs in {', '.join(difference.columns)}."
    if difference.extra:
        return f"{name} is in {table.name} and not in its rebuild."
    return f"{name} is missing from {table.name}."


def _name_of_row(table: Table, key: dict[str, Any]) -> str:
    if table is ACTIVITIES:
        return f"Activity {key['activity_id']} of athlete {key['athlete_id']}"
    return f"Record {key['record_hash']}"
