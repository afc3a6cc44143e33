"""The athlete's FTP and maximum heart rate by date, which zones are made of."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date


class DayFigures(NamedTuple):
    """The figures of one day; None if they are not known."""

    ftp_w: float | None = None
    max_heartrate_bpm: float | None = None


class AthleteFigures:
    """Figures by date.

    Args:
        on: Gives the figures of a day.
    """

    def __init__(self, on: Callable[[date], DayFigures]) -> None:
        self.on = on

    @classmethod
    def of_file(cls, text: str) -> AthleteFigures:
        """From the text of an `athlete.toml`, whose entries hold until a later one replaces a figure."""
        entries: list[dict[str, Any]] = sorted(
            tomllib.loads(text)["figures"], key=lambda entry: str(entry["from"])
        )

        def on(day: date) -> DayFigures:
            # Before the first entry, its figures hold.
            current: dict[str, Any] = dict(entries[0])
            for entry in entries:
                if entry["from"] <= day:
                    current |= entry
            return DayFigures(current.get("ftp_w"), current.get("max_heartrate_bpm"))

        return cls(on)
