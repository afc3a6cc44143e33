"""An export opened for reading: a zip or a folder, whose files are read into memory, never unpacked to disk.

What is in it was made by others and may be hostile: names that lead elsewhere, links, bombs. Each is refused.
"""

from __future__ import annotations

import re
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, Self

from strava_assets.archive.errors import ArchiveError, UnreadableFileError

if TYPE_CHECKING:
    from types import TracebackType

ACTIVITIES = "activities.csv"
PROFILE = "profile.csv"

# A real export of ten years with photos has some ten thousand files.
_MOST_FILES = 500_000
# Text packs 26 to 1 in a real export, recordings hardly at all; a bomb packs 1,000 to 1.
_MOST_RATIO = 200
_RATIO_COUNTS_FROM = 1024 * 1024
_NAME = re.compile(r"export_(\d+)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


class _Source(Protocol):
    """Where the files are."""

    def names(self) -> list[str]:
        """Every file, relative, with slashes."""

    def read(self, name: str, limit: int) -> bytes:
        """One file's content; UnreadableFileError where it is more than `limit` bytes or no plain file."""

    def written_at(self, name: str) -> datetime | None:
        """When a file was written, as far as it says."""

    def close(self) -> None:
        """Let go of it."""


class Export:
    """A bulk export; a context that closes it.

    Args:
        path: the zip, or the folder it was unpacked to.

    Raises:
        ArchiveError: it is neither, it cannot be read, or it holds no activities.csv.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._source = _open(self.path)
        try:
            self._files = self._by_name()
        except BaseException:
            self._source.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def read(self, name: str, limit: int) -> bytes:
        """A file's content.

        Args:
            name: as `activities.csv` names it, e.g. `activities/123.fit.gz`.
            limit: the most bytes it may have.

        Raises:
            UnreadableFileError: it is not there, it is larger, or it cannot be read.
        """
        if name not in self._files:
            raise UnreadableFileError("the export does not hold this file")
        return self._source.read(self._files[name], limit)

    @property
    def made_at(self) -> datetime:
        """When the export was made, aware UTC: the date of its activities.csv."""
        written = self._source.written_at(self._files[ACTIVITIES])
        modified = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        # A zip may hold no date at all, which reads as 1980; one of the future would beat every later export.
        if written is None or written.year < 2009 or written > datetime.now(UTC):
            return modified.replace(microsecond=0)
        return written.replace(microsecond=0)

    @property
    def athlete_in_name(self) -> str | None:
        """The athlete's id where the file or folder is still called as Strava named it."""
        found = _NAME.match(self.path.name)
        return found[1] if found else None

    def _by_name(self) -> dict[str, str]:
        """The files by their names within the export, which may lie in one folder of the zip."""
        names = self._source.names()
        lists = sorted((n for n in names if PurePosixPath(n).name == ACTIVITIES), key=lambda n: n.count("/"))
        if not lists:
            raise ArchiveError(
                f"{self.path} holds no {ACTIVITIES}.",
                means=f"It is not a bulk export of Strava's. It holds {_listed(names)}.",
                remedy="pass the zip as Strava sent it (export_….zip), or the folder it was unpacked to.",
            )
        root = lists[0].removesuffix(ACTIVITIES)
        return {name.removeprefix(root): name for name in names if name.startswith(root)}


class _Zip:
    """The files of a zip."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ArchiveError(
                f"{path} is not a zip that can be read: {error}.",
                means="The download may have been cut short.",
                remedy="download it again from the link in Strava's mail and pass the new file.",
            ) from error
        entries = self._zip.infolist()
        if len(entries) > _MOST_FILES:
            self._refuse(path, f"it lists {len(entries):,} files")
        for entry in entries:
            if _leads_elsewhere(_plain(entry.filename)):
                self._refuse(path, f"its file {entry.filename!r} would lie outside of it")
            if stat.S_ISLNK(entry.external_attr >> 16):
                self._refuse(path, f"its file {entry.filename!r} is a link")
        self._entries = {_plain(entry.filename): entry for entry in entries if not entry.is_dir()}

    def names(self) -> list[str]:
        return list(self._entries)

    def read(self, name: str, limit: int) -> bytes:
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise UnreadableFileError("it is encrypted")
        if entry.file_size > limit:
            raise UnreadableFileError(_too_large(entry.file_size, limit))
        if entry.file_size > _RATIO_COUNTS_FROM and entry.file_size > _MOST_RATIO * max(
            1, entry.compress_size
        ):
            raise UnreadableFileError(
                f"it packs {entry.file_size // max(1, entry.compress_size):,} to 1, as bombs do"
            )
        try:
            with self._zip.open(entry) as file:
                # What it says of its size may be a lie.
                content = file.read(limit + 1)
        except Exception as error:  # every way of packing has errors of its own
            raise UnreadableFileError(f"the zip is damaged here: {error}") from error
        if len(content) > limit:
            raise UnreadableFileError(_too_large(len(content), limit))
        return content

    def written_at(self, name: str) -> datetime | None:
        try:
            return datetime(*self._entries[name].date_time, tzinfo=UTC)
        except ValueError:
            return None

    def close(self) -> None:
        self._zip.close()

    def _refuse(self, path: Path, why: str) -> None:
        self._zip.close()
        raise ArchiveError(
            f"{path} is refused: {why}.",
            means="No export of Strava's does that; it may have been made to do harm. Nothing was read.",
            remedy="download the export again from Strava and pass that file.",
        )


class _Folder:
    """The files of a folder."""

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()

    def names(self) -> list[str]:
        found = []
        for path in sorted(self._root.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            found.append(path.relative_to(self._root).as_posix())
            if len(found) > _MOST_FILES:
                raise ArchiveError(
                    f"{self._root} holds more than {_MOST_FILES:,} files.",
                    means="It is not the folder of one export.",
                    remedy="pass the folder the export was unpacked to.",
                )
        return found

    def read(self, name: str, limit: int) -> bytes:
        path = self._root / name
        # A folder above it may be a link, which listing does not follow but reading would.
        if not path.resolve().is_relative_to(self._root):
            raise UnreadableFileError("it is a link to elsewhere")
        try:
            with path.open("rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise UnreadableFileError(f"it cannot be read: {error.strerror}") from error
        if len(content) > limit:
            raise UnreadableFileError(_too_large(path.stat().st_size, limit))
        return content

    def written_at(self, name: str) -> datetime | None:
        return datetime.fromtimestamp((self._root / name).stat().st_mtime, UTC)

    def close(self) -> None:
        """Nothing is open."""


def _open(path: Path) -> _Source:
    if path.is_dir():
        return _Folder(path)
    try:
        return _Zip(path)
    except OSError as error:
        raise ArchiveError(
            f"{path} cannot be opened: {error.strerror}.",
            means="Nothing was imported.",
            remedy="pass the path of the zip from Strava's mail, or of the folder it was unpacked to.",
        ) from error


def _plain(name: str) -> str:
    """A zip packed anew on Windows may hold backslashes."""
    return name.replace("\\", "/")


def _leads_elsewhere(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or bool(_DRIVE.match(name))


def _too_large(size: int, limit: int) -> str:
    return f"it has {size / 1e6:,.0f} MB, and no more than {limit / 1e6:,.0f} MB are read"


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing"
    return ", ".join(sorted(names)[:5]) + (f" and {len(names) - 5:,} more files" if len(names) > 5 else "")


def newest_export(folder: Path) -> Path:
    """The newest `export_….zip` of a folder, by when each was made.

    Raises:
        ArchiveError: there is none, or the newest cannot be opened.
    """
    found = [path for path in folder.glob("*.zip") if _NAME.match(path.name)] if folder.is_dir() else []
    if not found:
        raise ArchiveError(
            f"There is no export_….zip in {folder}.",
            means="That is where an export is looked for when no path is given. Nothing was imported.",
            remedy="ask Strava for your data (Settings, My Account, Download or Delete Your Account) and put "
            f"the zip from its mail into {folder}, or pass its path.",
        )

    def made_at(path: Path) -> datetime:
        with Export(path) as export:
            return export.made_at

    return max(found, key=made_at)
