"""Who the athletes of a landing are, and how the last fetch of each one ended.

`athletes/index.json` lists them; `login` and `import` write it, and it is read when definitions load. The
state of one athlete is a file of its own, because every fetch writes it. None of the files holds a secret.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from strava_assets.documents import STRICT, DamagedDocumentError, UtcTime, read_document
from strava_assets.errors import StravaAssetsError
from strava_assets.landing.names import INDEX_FOLDER, is_index_file
from strava_assets.plurals import counted
from strava_assets.storage_folder import Problem, StorageFolder

if TYPE_CHECKING:
    from collections.abc import Iterable

_INDEX = f"{INDEX_FOLDER}/index.json"


class AthleteIndexError(StravaAssetsError):
    """The index of the athletes cannot be read or written."""


@dataclass(frozen=True)
class Athlete:
    """One athlete of this home.

    Args:
        athlete_id: Strava's id.
        added_at: when the first login or import named the athlete, UTC.
        name: as Strava gave it at login; empty for an athlete who was only imported.
        scopes: what the athlete granted at login; empty for a pasted token and without a login.
        has_own_store: whether the tokens are in a store of their own. The first athlete who logged in has
            those of the home's usual store.
        logged_in: whether Strava is asked for this athlete.
        shows_numbers: whether the athlete's numbers may stand in the index page, which the person who runs
            the platform reads.
    """

    __pydantic_config__ = STRICT

    athlete_id: str
    added_at: UtcTime
    name: str = ""
    scopes: tuple[str, ...] = ()
    has_own_store: bool = False
    logged_in: bool = False
    shows_numbers: bool = False

    @property
    def label(self) -> str:
        """The athlete in a sentence."""
        return f"{self.name} ({self.athlete_id})" if self.name else f"athlete {self.athlete_id}"


@dataclass(frozen=True)
class FetchState:
    """How the last fetches of one athlete ended.

    Args:
        attempted_at: when the last one ended, UTC.
        succeeded_at: when the last successful one ended, UTC.
        listed_at: when the last complete listing ended, UTC.
        listed_fully_at: when the last complete listing of everything ended, UTC.
        history_complete: whether the whole history was listed, in one or several listings.
        expected_pages: pages of a full listing; of a first load those that are still to come, 0 if unknown.
        loaded_pages: pages of a first load that is not complete yet.
        refused_since: since when Strava refuses the tokens or the scopes, UTC; only a login ends that.
        failures: number of failures in a row.
        cut_short: number of fetches in a row that needed more calls than they got.
        problem: the last failure in a sentence; empty after a success.
        expected_at: when a first load is expected to be complete, UTC.
    """

    __pydantic_config__ = STRICT

    attempted_at: UtcTime
    succeeded_at: UtcTime | None = None
    listed_at: UtcTime | None = None
    listed_fully_at: UtcTime | None = None
    history_complete: bool = False
    expected_pages: int = 0
    loaded_pages: int = 0
    refused_since: UtcTime | None = None
    failures: int = 0
    cut_short: int = 0
    problem: str = ""
    expected_at: UtcTime | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the fetches, in a few words; empty if nothing is."""
        if self.refused_since:
            return f"refused since {self.refused_since:%Y-%m-%d}"
        return f"failed {counted(self.failures, 'time')} in a row" if self.failures else ""


_ATHLETES = TypeAdapter(tuple[Athlete, ...])
_STATE = TypeAdapter(FetchState)


class AthleteIndex:
    """The athletes of the landing at one address.

    Two processes that change it at the same time have to exclude each other (`wiring.changing_athletes`).
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = StorageFolder(self.address, self._unusable)

    def __repr__(self) -> str:
        return f"AthleteIndex({self.address!r})"

    def athletes(self) -> tuple[Athlete, ...]:
        """All athletes in the order in which they came; none before the first login or import.

        Raises:
            AthleteIndexError: it is damaged or cannot be read.
        """
        try:
            return read_document(_ATHLETES, self._folder.read(_INDEX))
        except FileNotFoundError:
            return ()
        except AthleteIndexError as error:
            # A file in a folder's place: whoever writes there says so, and what it means.
            if isinstance(error.__cause__, NotADirectoryError):
                return ()
            raise
        except DamagedDocumentError as error:
            raise AthleteIndexError(
                f"The list of the athletes {self.address}/{_INDEX} is damaged: {error}.",
                means="It says whose tokens are where, so nothing is fetched without it. No data is lost.",
                remedy="Restore the file from a backup, or remove it and run strava-assets athletes, which "
                "lists everyone with data or tokens here. Who is without a login then runs strava-assets "
                "login.",
            ) from error

    def athlete_ids(self) -> list[str]:
        """The ids of all athletes, in order."""
        return [athlete.athlete_id for athlete in self.athletes()]

    def logged_in(self) -> list[Athlete]:
        """Those for whom Strava is asked."""
        return [athlete for athlete in self.athletes() if athlete.logged_in]

    def athlete(self, athlete_id: str) -> Athlete | None:
        """The athlete with this id, if there is one."""
        return next((athlete for athlete in self.athletes() if athlete.athlete_id == athlete_id), None)

    def put(self, athlete: Athlete) -> None:
        """Add an athlete at the end, or replace the entry of the same id."""
        athletes = self.athletes()
        if any(other.athlete_id == athlete.athlete_id for other in athletes):
            changed = [athlete if other.athlete_id == athlete.athlete_id else other for other in athletes]
        else:
            changed = [*athletes, athlete]
        self._write(changed)

    def remove(self, athlete_id: str) -> bool:
        """Remove an athlete and the state; returns whether there was one."""
        athletes = self.athletes()
        rest = [athlete for athlete in athletes if athlete.athlete_id != athlete_id]
        # The state first: without an entry nothing leads to it.
        self._folder.remove([_state_path(athlete_id)])
        if len(rest) < len(athletes):
            self._write(rest)
        return len(rest) < len(athletes)

    def state(self, athlete_id: str) -> FetchState | None:
        """How the last fetches of an athlete ended; None before the first. A damaged one counts as none."""
        return self.states([athlete_id]).get(athlete_id)

    def states(self, athlete_ids: Iterable[str]) -> dict[str, FetchState]:
        """How the last fetches of athletes ended, without those who had none. Damaged ones count as none."""
        paths = {_state_path(athlete_id): athlete_id for athlete_id in athlete_ids}
        states = {}
        for path, content in self._folder.read_all([*paths]).items():
            with suppress(DamagedDocumentError):
                states[paths[path]] = read_document(_STATE, content)
        return states

    def write_state(self, athlete_id: str, state: FetchState) -> None:
        """Note how a fetch ended."""
        if is_index_file(path := _state_path(athlete_id)):
            self._folder.put(path, _as_json(asdict(state)))

    def erase(self) -> None:
        """Remove the index and all states."""
        paths = [f"{INDEX_FOLDER}/{entry.name}" for entry in self._folder.entries(INDEX_FOLDER)]
        # The index last, as it leads to the rest.
        self._folder.remove([path for path in paths if is_index_file(path) and path != _INDEX])
        self._folder.remove([_INDEX])
        self._folder.remove_if_empty(INDEX_FOLDER)
        self._folder.remove_if_empty()

    def _write(self, athletes: Iterable[Athlete]) -> None:
        self._folder.put(_INDEX, _as_json([asdict(athlete) for athlete in athletes]))

    def _unusable(self, problem: Problem) -> AthleteIndexError:
        return AthleteIndexError(
            f"The list of the athletes in {self.address} cannot be read or written: {problem.reason}.",
            means="Nothing was changed.",
            remedy=problem.remedy
            or "Make the folder or bucket writable (permissions, free space, bucket name and role).",
        )


def _state_path(athlete_id: str) -> str:
    return f"{INDEX_FOLDER}/{athlete_id}.json"


def _as_json(document: Any) -> bytes:
    return json.dumps(document, default=lambda value: value.isoformat(), indent=1).encode()
