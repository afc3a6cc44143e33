"""How the command line looks: one console, errors as sentences, headings and panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.errors import StravaAssetsError

console = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "broken": "[red]✗[/]", "step": "[dim]·[/]"}


_MOST_NAMED = 5


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
