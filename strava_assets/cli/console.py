"""How the command line looks: one console, errors as sentences, headings and panels."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strava_assets.errors import StravaAssetsError

console = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "broken": "[red]✗[/]", "step": "[dim]·[/]"}


_MOST_NAMED = 5


@contextmanager
def uncaptured_console() -> Iterator[Console]:
    """A console for lines that are printed during a run.

    Dagster sends stdout and stderr to the run's logs, and mirrors these with a process that looks once a
    second and is ended with the run: where the machine is slow, the last lines are lost.
    """
    try:
        copy = os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):  # stdout is closed, or is no file
        yield console
        return
    with os.fdopen(copy, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors) as stdout:
        yield Console(file=stdout, highlight=False)


class StderrWithoutRawErrors:
    """stderr without Dagster's raw line about an event that could not be stored.

    The line quotes SQL with all its values. The same error ends the run, and is explained there.
    """

    _RAW = "Exception while writing logger call to event log"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, unless it is such a line."""
        return len(text) if text.startswith(self._RAW) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def say(mark: str, text: str) -> None:
    """Print one line with its mark, however long; brackets are not read as markup."""
    console.print(f"{MARKS[mark]} {escape(_without_controls(text))}", soft_wrap=True)


def _without_controls(text: str) -> str:
    """Text of others, such as an activity's name, must not steer the terminal."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def show_error(error: StravaAssetsError) -> None:
    """Print an error as sentences: what happened, what it means, what to do."""
    text = Text(_without_controls(error.happened), style="bold red")
    if error.means:
        text.append(_without_controls(f"\n{error.means}"), style="default not bold")
    if error.remedy:
        text.append("\nWhat to do: ", style="bold default")
        text.append(error.remedy, style="default not bold")
    stderr.print(text, soft_wrap=True)


def name_some(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def banner(title: str, lines: list[str]) -> None:
    """A framed notice that is not to be overlooked."""
    console.print(Panel("\n".join(lines), title=title, title_align="left", border_style="yellow"))
