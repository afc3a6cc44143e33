"""Bulk exports as Strava writes them, in any of its languages, with the recordings a test puts in.

How each language writes a date, a decimal and an activity type stands here as it was seen in real exports.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from strava_assets_tests.archive import devices
from strava_assets_tests.archive.devices import START, Ride

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ATHLETE = "4711"
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
RIDE = {
    "en": "Ride",
    "de": "Radfahrt",
    "fr": "Sortie à vélo",
    "es": "Bicicleta",
    "it": "Ciclismo",
    "nl": "Fietsrit",
    "pt": "Pedalada",
}
_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nl": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
}


@dataclass(frozen=True)
class Exported:
    """One activity of an export.

    Args:
        activity_id: Strava's id.
        start: aware UTC.
        file: the recording's name in the export; empty for one typed in by hand.
        content: the recording; None where the export lacks it.
        cells: exact values by English column, in place of the usual ones; an empty one is an empty cell.
        sport: display text; the language's word for a ride by default.
    """

    activity_id: int
    start: datetime = START
    file: str = ""
    content: bytes | None = None
    cells: dict[str, str] = field(default_factory=dict)
    sport: str = ""


def exported_ride(
    activity_id: int, ride: Ride | None = None, *, form: str = "fit.gz", **cells: str
) -> Exported:
    """A ride with its recording; the row says what the recording says.

    Args:
        activity_id: Strava's id; the file is called by another number, as in real exports.
        ride: what the device recorded.
        form: `fit`, `gpx` or `tcx`, with or without `.gz`.
        cells: exact values, by English column with underscores for blanks.
    """
    ride = devices.a_ride(seed=activity_id) if ride is None else ride
    kind, _, packed = form.partition(".")
    content: bytes = {"fit": devices.fit, "gpx": devices.gpx, "tcx": devices.tcx}[kind](ride)
    return Exported(
        activity_id,
        ride.start,
        f"activities/{activity_id + 700}.{form}",
        gzip.compress(content, mtime=0) if packed else content,
        summary(ride) | {name.replace("_", " "): value for name, value in cells.items()},
    )


def summary(ride: Ride) -> dict[str, str]:
    """What Strava works out of a recording, as the export writes it."""
    seconds = f"{ride.t_s[-1]:.1f}"
    cells = {"Elapsed Time": seconds, "Moving Time": seconds}
    if ride.distance is not None:
        cells["Distance"] = f"{ride.distance[-1]}"
    if ride.watts is not None:
        cells |= {
            "Average Watts": f"{ride.watts.mean()}",
            "Weighted Average Power": "210.0",
            "Max Watts": f"{ride.watts.max()}",
        }
    if ride.heartrate is not None:
        cells |= {
            "Average Heart Rate": f"{ride.heartrate.mean()}",
            "Max Heart Rate": f"{ride.heartrate.max()}",
        }
    return cells


def write_export(
    folder: Path,
    activities: Sequence[Exported],
    language: str = "en",
    *,
    athlete: str | None = ATHLETE,
    bom: bool = False,
) -> Path:
    """An export, unpacked; returns its folder."""
    (folder / "activities").mkdir(parents=True, exist_ok=True)
    text = activities_csv(activities, language)
    (folder / "activities.csv").write_bytes(("\ufeff" if bom else "").encode() + text.encode())
    (folder / "bikes.csv").write_text("Bike Name,Bike Brand\n")
    if athlete:
        profile = f"Athlete ID,Email Address,First Name\n{athlete},rider@example.org,Ri\n"
        (folder / "profile.csv").write_text(profile)
    for activity in activities:
        if activity.content is not None:
            (folder / activity.file).write_bytes(activity.content)
    return folder


def packed(folder: Path, path: Path, *, made_at: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC)) -> Path:
    """The zip of an export; returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), made_at.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes())
    return path


def activities_csv(activities: Sequence[Exported], language: str = "en") -> str:
    """`activities.csv` with the doubled columns first displayed, then exact."""
    columns = _columns()
    exact_last = {name: at for at, name in enumerate(columns)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header(language))
    for activity in activities:
        cells = {
            "Activity ID": str(activity.activity_id),
            "Activity Date": date_in(language, activity.start),
            "Activity Name": f"Ride {activity.activity_id}",
            "Activity Type": activity.sport or RIDE[language],
            "Filename": activity.file,
            "Elapsed Time": "3600.0",
            "Moving Time": "3500.0",
            "Distance": "30000.5",
            "Commute": "0.0",
            "Flagged": "0.0",
        } | activity.cells
        row = []
        for at, name in enumerate(columns):
            value = cells.get(name, "")
            row.append(value if at == exact_last[name] else _display_value(name, value, language))
        writer.writerow(row)
    return text.getvalue()


def header(language: str) -> list[str]:
    """The headers in a language; one that nobody has seen yet stands there as such."""
    stored = json.loads(
        (files("strava_assets.archive") / "languages" / f"{language}.json").read_text(encoding="utf-8")
    )
    own = {english: header for header, english in reversed(stored["headers"].items())}
    return _columns() if language == "en" else [own.get(name, f"?{name[::-1]}") for name in _columns()]


def date_in(language: str, moment: datetime) -> str:
    """A date as Strava writes it for accounts in this language."""
    clock = f"{moment:%H:%M:%S}"
    if language == "de":
        return f"{moment:%d.%m.%Y}, {clock}"
    month = _MONTHS[language].split()[moment.month - 1]
    write: dict[str, Callable[[], str]] = {
        "en": lambda: f"{month} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S %p}",
        "pt": lambda: f"{moment.day} de {month} de {moment.year}, {clock}",
        "nl": lambda: f"{moment.day} {month} {moment.year} {clock}",
    }
    return write.get(language, lambda: f"{moment.day} {month} {moment.year}, {clock}")()


def day(number: int) -> datetime:
    """A start on one of successive days."""
    return START + timedelta(days=number)


def _columns() -> list[str]:
    stored = json.loads(
        (files("strava_assets.archive") / "languages" / "en.json").read_text(encoding="utf-8")
    )
    return [*stored["layout"], "Media"]


def _display_value(name: str, value: str, language: str) -> str:
    """What Strava displays of an exact value."""
    if not value:
        return ""
    if name == "Distance":
        kilometers = f"{float(value) / 1000:.2f}"
        return kilometers if language == "en" else kilometers.replace(".", ",")
    if name == "Commute":
        return "true" if float(value) else "false"
    return f"{float(value):.0f}"
