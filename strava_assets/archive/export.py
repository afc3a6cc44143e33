"""Opens a bulk export or recordings, a zip or a folder. Files are read into memory, never unpacked to disk.

The content may be hostile: paths outside of the export, links and zip bombs are rejected.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, Self

from typing_extensions import override

from strava_assets.archive.errors import ArchiveError, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import TracebackType

ACTIVITIES = "activities.csv"
PROFILE = "profile.csv"
# Planned routes are GPX files as well.
_ROUTES = "routes/"

# A real export of ten years with photos has about ten thousand files.
_MAX_FILES = 500_000
# In a real export text compresses 26 to 1 and recordings hardly at all; a zip bomb compresses 1,000 to 1.
_MAX_RATIO = 200
_RATIO_COUNTS_FROM = 1024 * 1024
_NAME = re.compile(r"export_(\d+)", re.IGNORECASE)
_EXPORT = re.compile(_NAME.pattern + r".*\.zip", re.IGNORECASE)
_RECORDING = re.compile(r"[^.].*\.(fit|gpx|tcx)(\.gz)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


class _Source(Protocol):
    """The files of a zip or folder."""

    unreadable_folders: dict[str, str]
    """Why a folder cannot be read, by its relative path."""

    def names(self) -> list[str]:
        """The relative paths of all files, with slashes."""

    def read(self, name: str, limit: int) -> bytes:
        """Read one file. Raises UnreadableFileError if it exceeds `limit` bytes or is not a regular file."""

    def modified_at(self, name: str) -> datetime | None:
        """The modification time of a file, if known."""

    def close(self) -> None:
        """Close the source."""


class FilesToImport:
    """The files of an open zip or folder; use it as a context manager.

    Args:
        path: The zip or the folder.

    Attributes:
        unreadable_folders: Why a folder cannot be read, by its name.

    Raises:
        ArchiveError: The path is not a readable zip or folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._source = _open(self.path)
        try:
            self._files = self._by_name()
            self.unreadable_folders = {
                f"{printable_name(name)}/": why for name, why in self._source.unreadable_folders.items()
            }
        except BaseException:
            self._source.close()
            raise

    def _by_name(self) -> dict[str, str]:
        """The files by the name under which they are read."""
        return {name: name for name in self._source.names()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the zip."""
        self._source.close()

    def read(self, name: str, limit: int) -> bytes:
        """Read a file.

        Args:
            name: The path in the zip or folder, e.g. `activities/123.fit.gz`.
            limit: The maximum size in bytes.

        Raises:
            UnreadableFileError: The file is missing, too large, or unreadable.
        """
        if name not in self._files:
            raise UnreadableFileError("the export does not contain this file")
        return self._source.read(self._files[name], limit)

    def modified_at(self, name: str) -> datetime | None:
        """The modification time of a file, aware UTC; None if unknown, as in a zip, which has local times."""
        return None if isinstance(self._source, _Zip) else self._source.modified_at(self._files[name])


class Export(FilesToImport):
    """An open bulk export, a zip or a folder with an `activities.csv`.

    Raises:
        ArchiveError: The path is not a readable export with an activities.csv, or is the folder of several.
    """

    def recordings_beside(self, listed: Collection[str]) -> list[str]:
        """The recordings that are not imported with it, other exports, and folders that cannot be read.

        Args:
            listed: The recordings that its `activities.csv` names.
        """
        inside = [name for name in self._files if not name.startswith(_ROUTES) and name not in listed]
        beside = [
            printable_name(name)
            for name in [*inside, *self._outside]
            if is_recording(name) or (_is_activities(name) and name != ACTIVITIES)
        ]
        return beside + [f"{folder}: {why}" for folder, why in self.unreadable_folders.items()]

    @property
    def made_at(self) -> datetime:
        """The creation time of the export, aware UTC: the date of its activities.csv."""
        written = self._source.modified_at(self._files[ACTIVITIES])
        modified = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        # A missing date in a zip reads as 1980. A future date would win over every later export.
        if written is None or written.year < 2009 or written > datetime.now(UTC):
            return modified.replace(microsecond=0)
        return written.replace(microsecond=0)

    @property
    def athlete_in_name(self) -> str | None:
        """The athlete id in the name that Strava gave the file, if it still has that name."""
        match = _NAME.match(self.path.name)
        return match[1] if match else None

    @override
    def _by_name(self) -> dict[str, str]:
        """The files by their path in the export, which may be inside a folder of the zip."""
        names = self._source.names()
        lists = sorted((n for n in names if _is_activities(n)), key=lambda n: n.count("/"))
        if not lists:
            raise ArchiveError(
                f"{self.path} does not contain {ACTIVITIES}.",
                means=f"It is not a Strava bulk export. It contains {_summarize(names)}.",
                remedy="Pass the zip as Strava sent it (export_….zip), or the folder with its content.",
            )
        root = lists[0].removesuffix(ACTIVITIES)
        others = [each for each in lists[1:] if each.count("/") == root.count("/")]
        if others:
            raise ArchiveError(
                f"{self.path} contains several exports: {_summarize([lists[0], *others])}.",
                means="They may be of several athletes. Nothing was imported.",
                remedy="Import the folder of each export, or its zip, by itself.",
            )
        self._outside = [name for name in names if not name.startswith(root)]
        return {name.removeprefix(root): name for name in names if name.startswith(root)}


class Recordings(FilesToImport):
    """FIT, GPX and TCX files of a zip or folder without an `activities.csv`, or a single file.

    Args:
        path: The zip, folder or file.
        only: The recordings to import; all if empty.

    Attributes:
        names: The recordings, judged by their names.
        others: All other files, which are not imported.

    Raises:
        ArchiveError: The path is not readable.
    """

    def __init__(self, path: str | Path, only: Collection[str] = ()) -> None:
        super().__init__(path)
        self.names = [name for name in self._files if is_recording(name) and (not only or name in only)]
        self.others = [name for name in self._files if not is_recording(name)]

    @override
    def _by_name(self) -> dict[str, str]:
        return {printable_name(name): name for name in self._source.names()}


def open_import(path: str | Path) -> Export | Recordings:
    """Open what there is to import: an export if there is an `activities.csv`, else recordings.

    Raises:
        ArchiveError: There is neither, or the path is not readable.
    """
    recordings = Recordings(path)
    if any(map(_is_activities, recordings.others)):
        recordings.close()
        return Export(path)
    if not recordings.names:
        recordings.close()
        raise ArchiveError(
            f"{recordings.path} contains neither {ACTIVITIES} nor a FIT, GPX or TCX file.",
            means="There is nothing to import. It contains "
            f"{_summarize([*recordings.others, *recordings.unreadable_folders])}.",
            remedy="Pass the zip as Strava sent it (export_….zip), the folder with its content, or a zip or "
            "folder of recordings.",
        )
    return recordings


def printable_name(name: str) -> str:
    """A file name in which backslashes and all that is not printable or not UTF-8 are escaped.

    The name becomes the activity's, and not everything in it could be stored or shown.
    """
    return "".join(
        each if each.isprintable() and each != "\\" else each.encode("unicode_escape").decode()
        for each in name
    )


def is_recording(name: str) -> bool:
    """Whether a file is a recording, judged by its name. Hidden files are not."""
    return bool(_RECORDING.fullmatch(PurePosixPath(name).name))


def _is_activities(name: str) -> bool:
    return PurePosixPath(name).name == ACTIVITIES


class _Zip:
    """The files of a zip."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ArchiveError(
                f"{path} is not a readable zip file: {error}.",
                means="The download may be incomplete.",
                remedy="Download it again from the link in Strava's email and pass the new file.",
            ) from error
        entries = self._zip.infolist()
        if len(entries) > _MAX_FILES:
            self._reject(path, f"it has {len(entries):,} files")
        for entry in entries:
            if _is_outside(_with_slashes(entry.filename)):
                self._reject(path, f"the path of its file {entry.filename!r} is outside of the zip")
            if stat.S_ISLNK(entry.external_attr >> 16):
                self._reject(path, f"its file {entry.filename!r} is a link")
        self.unreadable_folders: dict[str, str] = {}
        self._entries = _by_distinct_name(entry for entry in entries if not entry.is_dir())

    def names(self) -> list[str]:
        return list(self._entries)

    def read(self, name: str, limit: int) -> bytes:
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise UnreadableFileError("it is encrypted")
        if entry.file_size > limit:
            raise UnreadableFileError(_too_large(entry.file_size, limit))
        if entry.file_size > _RATIO_COUNTS_FROM and entry.file_size > _MAX_RATIO * max(
            1, entry.compress_size
        ):
            raise UnreadableFileError(
                f"it is compressed {entry.file_size // max(1, entry.compress_size):,} to 1, as in a zip bomb"
            )
        try:
            with self._zip.open(entry) as file:
                # The size in the header may be wrong.
                content = file.read(limit + 1)
        except Exception as error:  # each compression method raises its own errors
            raise UnreadableFileError(f"the zip is damaged at this file: {error}") from error
        if len(content) > limit:
            raise UnreadableFileError(_too_large(len(content), limit))
        return content

    def modified_at(self, name: str) -> datetime | None:
        try:
            return datetime(*self._entries[name].date_time, tzinfo=UTC)
        except ValueError:
            return None

    def close(self) -> None:
        self._zip.close()

    def _reject(self, path: Path, reason: str) -> None:
        self._zip.close()
        raise ArchiveError(
            f"{path} was rejected: {reason}.",
            means="Strava's exports never look like this, and the file may be malicious. Nothing was read.",
            remedy="Download the export again from Strava and pass that file.",
        )


class _Folder:
    """The files of a folder, or a single file in its folder."""

    def __init__(self, path: Path) -> None:
        self._root = (path if path.is_dir() else path.parent).resolve()
        self._only = None if path.is_dir() else path.name
        self.unreadable_folders: dict[str, str] = {}

    def names(self) -> list[str]:
        if self._only:
            return [self._only]
        names = []
        for folder, _, files in os.walk(self._root, onerror=self._note_unreadable):
            paths = [Path(folder, name) for name in files]
            names += [
                path.relative_to(self._root).as_posix()
                for path in paths
                if not path.is_symlink() and path.is_file()
            ]
            if len(names) > _MAX_FILES:
                raise ArchiveError(
                    f"{self._root} contains more than {_MAX_FILES:,} files.",
                    means="It is not the folder of one export.",
                    remedy="Pass the folder with the content of the export.",
                )
        return sorted(names)

    def _note_unreadable(self, error: OSError) -> None:
        folder = Path(error.filename)
        # A folder that vanishes meanwhile is skipped, as if it had vanished before.
        if isinstance(error, FileNotFoundError):
            return
        if folder == self._root:
            raise _cannot_be_opened(folder, error) from error
        name = folder.relative_to(self._root).as_posix()
        self.unreadable_folders[name] = f"the folder cannot be read: {error.strerror}"

    def read(self, name: str, limit: int) -> bytes:
        path = self._root / name
        # A parent folder may be a link. Listing does not follow it, but opening would.
        if not path.resolve().is_relative_to(self._root):
            raise UnreadableFileError("it is a link to a file outside of the export")
        try:
            with path.open("rb") as file:
                content = file.read(limit + 1)
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise UnreadableFileError(f"it cannot be read: {error.strerror}") from error
        if len(content) > limit:
            raise UnreadableFileError(_too_large(size, limit))
        return content

    def modified_at(self, name: str) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._root / name).stat().st_mtime, UTC)
        except OSError:
            return None

    def close(self) -> None:
        """Do nothing: no file stays open."""


def _open(path: Path) -> _Source:
    if path.is_dir() or (is_recording(path.name) and path.is_file()):
        return _Folder(path)
    if path.exists() and not path.is_file():
        # Reading a pipe may wait forever, and a zip is read from its end.
        raise ArchiveError(
            f"{path} is neither a file nor a folder.",
            means="A pipe or a device cannot be read as a zip. Nothing was imported.",
            remedy="Save the content as a file and pass its path.",
        )
    try:
        return _Zip(path)
    except OSError as error:
        raise _cannot_be_opened(path, error) from error


def _cannot_be_opened(path: Path, error: OSError) -> ArchiveError:
    return ArchiveError(
        f"{path} cannot be opened: {error.strerror or error}.",
        means="Nothing was imported.",
        remedy="Pass the path of the zip from Strava's email, or of the folder with its content.",
    )


def _with_slashes(name: str) -> str:
    """Zip files made on Windows may contain backslashes."""
    return name.replace("\\", "/")


def _by_distinct_name(entries: Iterable[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries by name. Of several with one name the last has it, as when they are unpacked."""
    by_name: dict[str, zipfile.ZipInfo] = {}
    times: Counter[str] = Counter()
    for entry in reversed(list(entries)):
        plain = name = _with_slashes(entry.filename)
        while name in by_name:
            times[plain] += 1
            name = f"({times[plain]})/{plain}"
        by_name[name] = entry
    return dict(reversed(by_name.items()))


def _is_outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or bool(_DRIVE.match(name))


def _too_large(size: int, limit: int) -> str:
    return f"it has {size / 1e6:,.0f} MB, more than the limit of {limit / 1e6:,.0f} MB"


def _summarize(names: list[str]) -> str:
    if not names:
        return "nothing"
    return ", ".join(sorted(names)[:5]) + (f" and {len(names) - 5:,} more files" if len(names) > 5 else "")


def newest_export(folder: Path) -> Path:
    """The newest `export_….zip` in a folder, by creation time of the exports.

    Raises:
        ArchiveError: There is none, or one cannot be opened.
    """
    names = folder.iterdir() if folder.is_dir() else ()
    exports = [path for path in names if _EXPORT.fullmatch(path.name) and path.is_file()]
    if not exports:
        raise ArchiveError(
            f"There is no export_….zip in {folder}.",
            means="This is where exports are searched when no path is given. Nothing was imported.",
            remedy="Request your data from Strava (Settings, My Account, Download or Delete Your Account), "
            f"and put the zip from its email into {folder}, or pass its path.",
        )

    def made_at(path: Path) -> datetime:
        with Export(path) as export:
            return export.made_at

    return max(exports, key=made_at)
