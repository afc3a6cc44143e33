"""Runs the steps of a seed and checks what must hold after each day, each accident and each month."""

from __future__ import annotations

import gzip
import os
import random
import re
import secrets
import stat
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pyarrow as pa
from pyarrow import parquet

from strava_assets.archive import Recordings, file_activity_id
from strava_assets.cli.os_errors import as_user_error
from strava_assets.history.compact import compact
from strava_assets.history.deletions import DeletionGuard
from strava_assets.history.fetch import SyncRequest
from strava_assets.history.file_import import import_files
from strava_assets.history.landed_records import landed_records
from strava_assets.history.retention import expire, forget
from strava_assets.history.stream_fetching import fetch_streams, wanted, write_stream_index
from strava_assets.landing import Manifest
from strava_assets.landing.names import MANIFEST
from strava_assets.marts import load as load_catalog
from strava_assets.marts.publishable import publishable
from strava_assets.published.draft import drafted
from strava_assets.sandbox.tokens import CLIENT_SECRET
from strava_assets.schema.rules import SQL_RULES
from strava_assets.strava.errors import InvalidRefreshTokenError, StravaError
from strava_assets.strava.sync import ListingWindow, SyncMode
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.webhooks.events import read_message
from strava_assets_tests.archive.devices import a_ride, fit
from strava_assets_tests.marts import oracle
from strava_assets_tests.marts.histories import week_of
from strava_assets_tests.marts.judged import Settings
from strava_assets_tests.marts.test_random_histories import same
from strava_assets_tests.power_cuts.disk import PowerCut, Stop
from strava_assets_tests.simulation.contract import Listed, start_of
from strava_assets_tests.simulation.home import MART, Accident, Home, activity_rows, make_weeks
from strava_assets_tests.simulation.steps import USUAL
from strava_assets_tests.simulation.world import World
from strava_assets_tests.strava.conversation import HandTime

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

    from strava_assets_tests.simulation.steps import Rates, Step
    from strava_assets_tests.simulation.world import Athlete

BEGINNING = datetime(2024, 2, 20, 21, 52, tzinfo=UTC)
GUARD = DeletionGuard(max_share=0.1, max_count=5)
CONFIRMED = DeletionGuard(0, 0, confirmed=True)
KEEP_DAYS = 3
DEEP_CHECK_EVERY_DAYS = 30
_SECRET = re.compile(rb"sandbox-(?:access|refresh|code)-[0-9a-f]{32}|" + CLIENT_SECRET.encode())
_IN_MEMORY = "/dev/shm"  # noqa: S108 - a folder of random name is made in it
_FILE_ORIGIN = {"source": "file", "deleted_at": None}


class FailedStepError(Exception):
    """A step failed, or something did not hold after it."""

    def __init__(self, number: int, step: Step, reason: BaseException) -> None:
        super().__init__(f"step {number}, {step}: {type(reason).__name__}: {reason}")
        self.number = number
        self.reason = reason


@dataclass
class Result:
    """What a simulation went through.

    Args:
        days: simulated days.
        athletes: number of athletes.
        seen: how often what happened.
    """

    days: int
    athletes: int
    seen: Counter[str]

    @property
    def athlete_days(self) -> int:
        return self.days * self.athletes


class Simulation:
    """Athletes, their platform, and the checks.

    Args:
        folder: an empty folder.
        athletes: number of athletes.
        seed: decides what the steps leave open.
        rates: how often accidents happen.
    """

    def __init__(self, folder: Path, athletes: int, seed: int, rates: Rates) -> None:
        self._rates = rates
        self.chance = Random(f"home of {seed}")  # noqa: S311 - a story, not a secret
        self.time = HandTime(BEGINNING)
        self.world = World(self.time, athletes, self.chance)
        self.home = Home(folder, self.time, self.chance)
        self.seen = self.home.seen
        self._waiting: list[tuple[Athlete, Listed]] = []
        self._scanned: dict[Path, tuple[int, int]] = {}
        self._has_crashed = False
        for athlete in self.world.athletes:
            self.home.log_in(athlete)
        self.home.load(GUARD)

    def close(self) -> None:
        self.home.close()

    def perform(self, step: Step) -> None:
        """Let a step happen."""
        chance = step.chance
        self.time.now = max(self.time.now, BEGINNING + timedelta(days=step.day)) + timedelta(
            minutes=chance.randrange(1, 25)
        )
        self.seen[step.action] += 1
        accident = Accident.drawn(chance, self._share(step.action))
        if step.athlete is None:
            getattr(self, f"_{step.action}")(chance, accident)
        else:
            athlete = self.world.athletes[step.athlete]
            getattr(self, f"_{step.action.replace(' ', '_')}")(athlete, chance, accident)

    def _share(self, action: str) -> float:
        """The share of the commands of an action that have an accident."""
        return self._rates.accidents.get(action, self._rates.other_accidents)

    # Steps of one athlete

    def _edit(self, athlete: Athlete, chance: Random, _accident: None) -> None:
        self.seen[f"edit: {self.world.edit(athlete, chance)}"] += 1

    def _log_out(self, athlete: Athlete, _chance: Random, _accident: None) -> None:
        """The athlete takes the access back; the next sync is refused, and then the athlete logs in again."""
        athlete.sandbox.tokens.revoke()
        athlete.may_be_locked_out = True

    def _events(self, athlete: Athlete, chance: Random, accident: Accident | None) -> None:
        """Strava delivers events, late ones after others, and repeats those that were not taken."""
        self.home.sign_of_life()
        queue = athlete.events
        chosen = [event for event in queue.waiting if chance.random() < 0.9]
        queue.waiting = [event for event in queue.waiting if event not in chosen]
        acknowledged: list[str] = []

        def deliver() -> None:
            import json

            for event in chosen:
                message = read_message(json.dumps(event).encode())
                self.home.events.add(message.event)
                acknowledged.append(message.event.name)

        for cause in (accident, None):
            error = self.home.run(cause, deliver)
            self._judge(error, cause)
            waiting = self.home.events.waiting(athlete.id)
            assert len(waiting) >= 200 or set(acknowledged) <= set(waiting), "an event was lost"
            assert len(self.home.events.read(athlete.id, waiting)) == len([n for n in waiting if n[0] != "m"])

    def _sync(self, athlete: Athlete, chance: Random, accident: Accident | None) -> None:
        trouble = self.world.trouble(athlete, chance)
        self.seen[f"at Strava: {trouble}"] += 1
        request = self._random_request(chance)
        by_events = chance.random() < 0.3 and request.mode is SyncMode.AUTO

        def upload() -> None:
            if trouble == "uploads":
                start = self.time.now - timedelta(hours=1)
                athlete.sandbox.history.add(start_date=start, moving_time=600)

        def command() -> None:
            if by_events:
                self.home.settle_events(athlete, request)
            else:
                self.home.fetch(athlete, request, upload)

        error = self._sync_once(athlete, command, accident, may_be_damaged=trouble == "damaged")
        if trouble == "token" and error is not None:
            # Strava has replaced the token, and the answer was damaged on its way.
            athlete.may_be_locked_out = True
        if error is None:
            self.seen["syncs that succeeded"] += 1
        self.world.calm()
        if isinstance(error, PowerCut):
            # The next command works.
            error = self._sync_once(athlete, lambda: self.home.fetch(athlete, request, lambda: None), None)
            if error is not None and not isinstance(error, InvalidRefreshTokenError):
                raise error
        if isinstance(error, InvalidRefreshTokenError):
            assert athlete.may_be_locked_out, "the refresh token was lost"
            self.seen["logins again"] += 1
            self.home.log_in(athlete)

    def _sync_once(
        self,
        athlete: Athlete,
        command: Callable[[], None],
        accident: Accident | None,
        *,
        may_be_damaged: bool = False,
    ) -> BaseException | None:
        before = self._committed()
        token = athlete.sandbox.tokens.valid_refresh_token
        error = self.home.run(accident, command)
        rotated = athlete.sandbox.tokens.valid_refresh_token != token
        if rotated and error is not None and accident and accident.stop is not Stop.kill:
            athlete.may_be_locked_out = True
        if not isinstance(error, StravaError):
            self._judge(error, accident)
        after = self._committed()
        assert before.keys() <= after.keys(), "a committed batch was lost"
        for batch_id in sorted(after.keys() - before.keys()):
            manifest = Manifest.from_json(after[batch_id].read_bytes())
            assert manifest.athlete_id == athlete.id
            self._waiting.append((athlete, self._listed(athlete, manifest, may_be_damaged)))
        return error

    def _committed(self) -> dict[str, Path]:
        """The manifests on disk, by batch."""
        return {path.parent.name: path for path in (self.home.disk / "landing").rglob(MANIFEST)}

    def _listed(self, athlete: Athlete, manifest: Any, may_be_damaged: bool) -> Listed:
        """The listing, after comparing each landed record with Strava's."""
        on_strava = athlete.on_strava()
        damaged, lacks_an_id = set(), False
        for page in landed_records(self.home.landing, manifest):
            for landed in page:
                activity_id = str(landed.record.get("id", ""))
                if landed.record != on_strava.get(activity_id):
                    assert may_be_damaged, f"the landed record {activity_id} is not Strava's"
                    damaged.add(activity_id)
                    lacks_an_id = lacks_an_id or not activity_id
        self.seen["batches"] += 1
        return Listed(manifest, on_strava, damaged - {""}, lacks_an_id)

    def _streams(self, athlete: Athlete, chance: Random, accident: Accident | None) -> None:
        """Fetch a few recordings."""
        home = self.home

        def command() -> None:
            due = wanted(home.warehouse, home.streams.entries(), "power", self.time.now)
            own = [each for each in due if each.athlete_id == athlete.id][:3]
            fetch_streams(
                home.client(athlete, max_wait_s=0),
                home.tokens(athlete),
                home.streams,
                own,
                clock=self.time.clock,
                announce=home.output.append,
            )
            if chance.random() < 0.2:
                home.streams.compact()
            write_stream_index(home.warehouse, home.streams.entries())

        token = athlete.sandbox.tokens.valid_refresh_token
        error = home.run(accident, command)
        if accident and accident.stop is not Stop.kill:
            athlete.may_be_locked_out |= athlete.sandbox.tokens.valid_refresh_token != token
        self._judge(error, accident)
        self._check_recordings(athlete)

    def _files(self, athlete: Athlete, chance: Random, accident: Accident | None) -> None:
        """Import the file of a ride: of one that Strava has too, or of another."""
        folder = self.home.folder / "files"
        folder.mkdir(exist_ok=True)
        history = athlete.sandbox.history
        start = start_of(history.get(chance.choice(history.ids())))
        if chance.random() < 0.4:
            start -= timedelta(days=chance.randrange(300), hours=3)
        content = fit(a_ride(chance.choice([60, 200]), start, seed=chance.randrange(100)), with_crc=True)
        path = folder / "ride.fit"
        path.write_bytes(content)
        athlete.files.setdefault(file_activity_id(content), None)

        def command() -> None:
            with Recordings(folder) as recordings:
                import_files(
                    recordings,
                    self.home.landing,
                    self.home.streams,
                    athlete_id=athlete.id,
                    clock=self.time.clock,
                    home="UTC",
                    processes=1,
                    is_complete=True,
                )

        for cause in (accident, None):
            self._judge(self.home.run(cause, command), cause)
        path.unlink()

    def _forget(self, athlete: Athlete, _chance: Random, accident: Accident | None) -> None:
        """Forget an athlete, who stays logged in and is listed again."""
        home = self.home

        def command() -> None:
            forget(home.landing, home.warehouse, home.streams, athlete.id)
            home.state.erase(athlete.id, alone=False)

        for cause in (accident, None):
            error = home.run(cause, command)
            self._judge(error, cause)
            if error is None:
                break
        athlete.contract.forget(list(athlete.contract.records))
        athlete.contract.held_back = False
        athlete.files.clear()
        athlete.recorded.clear()
        self._waiting = [each for each in self._waiting if each[0] is not athlete]
        home.load(GUARD)
        for listed_athlete, listed in self._in_order():
            listed_athlete.contract.after(listed, GUARD)
        self._check_forgotten(athlete)

    # Steps of the home

    def _load(self, chance: Random, accident: Accident | None) -> None:
        guard = CONFIRMED if self._deletions_wait() and chance.random() < 0.7 else GUARD
        self._load_under(guard, accident)

    def _rebuild(self, _chance: Random, accident: Accident | None) -> None:
        self._load_under(GUARD, accident, rebuild=True)

    def _load_under(self, guard: DeletionGuard, accident: Accident | None, *, rebuild: bool = False) -> None:
        for cause in (accident, None):
            error = self.home.run(cause, lambda: self.home.load(guard, rebuild=rebuild))
            self._judge(error, cause)
            if error is None:
                break
        for athlete, listed in self._in_order():
            athlete.contract.after(listed, guard)
            self.seen["held back"] += athlete.contract.held_back

    def _compact(self, _chance: Random, accident: Accident | None) -> None:
        def command() -> None:
            report = compact(self.home.landing, self.home.warehouse, self.time.now, KEEP_DAYS)
            self.seen["batches compacted"] += report.compacted

        for cause in (accident, None):
            self._judge(self.home.run(cause, command), cause)

    def _expire(self, _chance: Random, accident: Accident | None) -> None:
        def command() -> None:
            home = self.home
            expire(home.landing, home.warehouse, home.streams, self.time.now, self._rates.retention_days)

        for cause in (accident, None):
            self._judge(self.home.run(cause, command), cause)
        rows = activity_rows(self.home.warehouse)
        limit = self.time.now - timedelta(days=self._rates.retention_days)
        for athlete in self.world.athletes:
            contract = athlete.contract
            expired = contract.records.keys() - rows.keys()
            assert all(contract.listed_at[name] < limit for name in expired), "too much has expired"
            contract.forget(expired)
            self.seen["activities expired"] += len(expired)
            for name in expired:
                athlete.recorded.pop(name, None)

    def _publish(self, _chance: Random, accident: Accident | None) -> None:
        home = self.home
        [table] = [each for each in publishable(load_catalog()) if each.name == MART]
        rebuilt = home.rebuilt()
        try:
            weeks = make_weeks(rebuilt, self.time.now.date())
        finally:
            rebuilt.close()
        names = [column.name for column in table.columns]
        chosen = [{name: week[name] for name in names} for week in weeks]
        rows = [pa.RecordBatch.from_pylist(chosen, schema=arrow_schema(table.columns))]
        count = len(weeks)

        def command() -> None:
            with drafted(table, rows) as draft:
                home.publisher.publish(table, draft)

        for cause in (accident, None):
            self._judge(home.run(cause, command), cause)
            if stored := home.publisher.stored(MART):
                published = parquet.read_table(home.publisher.table_address(stored.name))
                assert cause or published.num_rows == count

    # Checks

    def check_day(self, day: int, *, is_last: bool) -> None:
        """What must hold each day, and each month, on the last day and after an accident."""
        self._check_table()
        self._check_secrets()
        is_deep = is_last or day % DEEP_CHECK_EVERY_DAYS == 0
        if self._has_crashed or is_deep:
            self._has_crashed = False
            self._check_rebuilt(day, whole=is_deep)
            for athlete in self.world.athletes:
                self._check_recordings(athlete, read=is_deep)

    def _judge(self, error: BaseException | None, accident: Accident | None) -> None:
        """See that an error is one that the accident explains, and has a sentence."""
        if isinstance(error, PowerCut):
            self._has_crashed = True
            return
        if error is None:
            return
        if accident and accident.stop in (Stop.full, Stop.broken) and isinstance(error, Exception):
            self._has_crashed = True
            sentence = as_user_error(error)
            assert sentence is not None, f"no sentence for {error!r}"
            return
        raise error

    def _check_table(self) -> None:
        rows = activity_rows(self.home.warehouse)
        names = {name for athlete in self.world.athletes for name in athlete.contract.records}
        files = {name for athlete in self.world.athletes for name in athlete.files}
        lost, extra = (names | files) - rows.keys(), rows.keys() - names - files
        assert not lost, f"lost: {sorted(lost)[:3]}"
        assert not extra, f"too many: {sorted(extra)[:3]}"
        for athlete in self.world.athletes:
            contract = athlete.contract
            for name, expected in contract.rows().items():
                row = rows[name]
                wrong = {key: (row[key], value) for key, value in expected.items() if row[key] != value}
                assert not wrong, f"{name}: {wrong}"
                assert (row["deleted_at"] is not None) == (name in contract.deleted), f"deletion of {name}"
                assert row["athlete_id"] == athlete.id
            self._check_files(athlete, rows)
        self.seen["days compared"] += 1

    def _check_files(self, athlete: Athlete, rows: dict[str, dict[str, Any]]) -> None:
        for name, first in athlete.files.items():
            row = {key: value for key, value in rows[name].items() if key != "merged_into"}
            athlete.files[name] = first or row
            assert row == (first or row | _FILE_ORIGIN)
            assert rows[name]["merged_into"] == _same_ride(athlete, rows, rows[name])

    def _check_listing_is_strava(self, athlete: Athlete) -> None:
        assert athlete.contract.living == athlete.on_strava().keys()

    def _check_rebuilt(self, day: int, *, whole: bool) -> None:
        """The landing gives the same table, and a second implementation the same weeks."""
        if self._waiting:
            self._load_under(GUARD, None)
        rebuilt = self.home.rebuilt()
        try:
            assert activity_rows(rebuilt) == activity_rows(self.home.warehouse), "the rebuilt table differs"
            for manifest in self.home.landing.manifests():
                for _ in self.home.landing.pages(manifest):
                    pass
            self.seen["rebuilds compared"] += 1
            as_of = self.time.now.date()
            actual = make_weeks(rebuilt, as_of)
        finally:
            rebuilt.close()
        athletes = self.world.athletes if whole else self.chance.sample(self.world.athletes, 1)
        judging = {athlete.id for athlete in athletes}
        actual = [row for row in actual if row["athlete_id"] in judging]
        history = [row for row in self._history() if row["athlete_id"] in judging]
        judged = oracle.weekly(history, Settings(as_of), (), week_of)
        assert [(row["athlete_id"], row["week"]) for row in actual] == sorted(judged), f"weeks on day {day}"
        for row in actual:
            week = judged[row["athlete_id"], row["week"]]
            wrong = {
                name: (row[name], week[name]) for name in row.keys() & week if not same(row[name], week[name])
            }
            assert not wrong, f"week {row['week']} of athlete {row['athlete_id']}: {wrong}"
        self.seen["weeks compared"] += len(actual)

    def _history(self) -> list[dict[str, Any]]:
        """The activities as Strava has them, and the files that nothing on Strava is the same as."""
        rows = activity_rows(self.home.warehouse)
        history = []
        for athlete in self.world.athletes:
            deleted = athlete.contract.deleted
            history += [
                row | {"activity_id": name, "athlete_id": athlete.id, "deleted_at": None}
                for name, row in athlete.contract.rows().items()
                if name not in deleted
            ]
            history += [rows[name] for name in athlete.files if rows[name]["merged_into"] is None]
        return history

    def _check_recordings(self, athlete: Athlete, *, read: bool = False) -> None:
        entries = {
            entry.activity_id: entry
            for entry in self.home.streams.entries().values()
            if entry.athlete_id == athlete.id
        }
        assert athlete.recorded.keys() <= entries.keys(), "a recording was lost"
        athlete.recorded = {name: entry.version or "" for name, entry in entries.items()}
        if read:
            stored = [entry for entry in entries.values() if entry.status == "stored"]
            assert sum(1 for _ in self.home.streams.read(stored)) == len(stored)

    def _check_forgotten(self, athlete: Athlete) -> None:
        assert not any(m.athlete_id == athlete.id for m in self.home.landing.manifests()), "a batch is left"
        assert not any(row["athlete_id"] == athlete.id for row in activity_rows(self.home.warehouse).values())
        assert not any(key[0] == athlete.id for key in self.home.streams.entries()), "a recording is left"
        mark = f'"athlete":{{"id":{athlete.id},'.encode()
        for path in (self.home.disk / "landing").rglob("*.gz"):
            assert mark not in _content(path), f"{path.name} holds the athlete's records"

    def _check_secrets(self) -> None:
        """No file but the token file holds a token, and that file is closed to others."""
        for path in self.home.disk.rglob("*"):
            status = path.stat()
            if path.name.startswith("tokens-"):
                assert not stat.S_IMODE(status.st_mode) & 0o077
            elif not path.name.startswith(".tokens-") and stat.S_ISREG(status.st_mode):
                self._scan(path, (status.st_size, status.st_mtime_ns))
        text = "\n".join(self.home.output).encode()
        assert not _SECRET.search(text), "a secret was announced"
        self.home.output.clear()
        if not self.seen["days compared"] % DEEP_CHECK_EVERY_DAYS:
            status = self.home.file.stat()
            self._scan(self.home.file, (status.st_size, status.st_mtime_ns))

    def _scan(self, path: Path, state: tuple[int, int]) -> None:
        if self._scanned.get(path) == state:
            return
        content = _content(path)
        assert not _SECRET.search(content), f"{path} holds a secret"
        self._scanned[path] = state
        self.seen["files searched for secrets"] += 1

    # What they share

    def _in_order(self) -> list[tuple[Athlete, Listed]]:
        """The listings that were just loaded, in the order of their batches."""
        loaded, self._waiting = self._waiting, []
        return sorted(loaded, key=lambda each: each[1].manifest.batch_id)

    def _deletions_wait(self) -> bool:
        return any(athlete.contract.held_back for athlete in self.world.athletes)

    def _random_request(self, chance: Random) -> SyncRequest:
        modes = [SyncMode.AUTO, SyncMode.INCREMENTAL, SyncMode.FULL, SyncMode.WINDOW]
        mode = chance.choices(modes, [8, 3, 2, 1])[0]
        window = None
        if mode is SyncMode.WINDOW:
            end = int(self.time.now.timestamp()) - chance.randrange(200) * 86_400
            window = ListingWindow(end - chance.randrange(1, 300) * 86_400, chance.choice([None, end]))
        return SyncRequest(mode, window, full_every_hours=chance.choice([72, 120]))


def _content(path: Path) -> bytes:
    """The content of a file, unpacked; what a power cut left of a page, as it is, if nothing refers to it."""
    content = path.read_bytes()
    if path.suffix != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        assert not (path.parent / MANIFEST).exists(), f"{path} is damaged, in a batch that was committed"
        return content


def _same_ride(athlete: Athlete, rows: dict[str, dict[str, Any]], file: dict[str, Any]) -> str | None:
    """Strava's activity with the smallest id that shares over half of the shorter one's time in motion."""

    def is_same(row: dict[str, Any]) -> bool:
        length = row["moving_time_s"]
        if row["manual"] or not length or not 1 <= length <= SQL_RULES["longest_recording_s"]:
            return False
        begin, file_begin = row["start_date"].timestamp(), file["start_date"].timestamp()
        end, file_end = begin + length, file_begin + file["moving_time_s"]
        shared = min(end, file_end) - max(begin, file_begin)
        return bool(2 * shared > min(length, file["moving_time_s"]))

    return min((name for name in athlete.contract.living if is_same(rows[name])), default=None)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Let everything that is drawn follow from the seed: names of batches, tokens, waits."""
    chance = Random(f"names of {seed}")  # noqa: S311 - a story, not a secret

    def token_hex(count: int | None = None) -> str:
        return chance.randbytes(count or 32).hex()

    random.seed(seed)
    with patch.object(secrets, "token_hex", token_hex):
        yield


def run_steps(steps: Sequence[Step], athletes: int, seed: int, rates: Rates = USUAL) -> Result:
    """Run steps in a new folder.

    Raises:
        FailedStepError: something failed or did not hold.
    """
    # What a disk keeps is modeled, so that none needs to be waited for.
    memory = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="strava-assets-simulation-", dir=memory) as folder, repeatable(seed):
        simulation = Simulation(Path(folder), athletes, seed, rates)
        try:
            for number, step in enumerate(steps):
                is_last = number + 1 == len(steps)
                ends_day = is_last or steps[number + 1].day != step.day
                try:
                    simulation.perform(step)
                    if ends_day:
                        simulation.check_day(step.day, is_last=is_last)
                except Exception as reason:
                    raise FailedStepError(number, step, reason) from reason
            return Result(steps[-1].day if steps else 0, athletes, simulation.seen)
        finally:
            simulation.close()
