"""One change of one file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A replacement of some characters of a file.

    Args:
        path: The file, relative to the project.
        start: The position of the first replaced character.
        end: The position after the last one.
        replacement: What is written there.
        rule: The kind of change, as in the list of rules.
        line: The line of `start`, from 1.
        last_line: The line of `end`.
    """

    path: str
    start: int
    end: int
    replacement: str
    rule: str
    line: int
    last_line: int

    def changed(self, text: str) -> str:
        """The file's text with the change."""
        return text[: self.start] + self.replacement + text[self.end :]

    def lines(self, text: str) -> tuple[str, str]:
        """The changed lines of the file, before and after, without indentation."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        last = len(text) if last < 0 else last
        before = text[first:last]
        after = text[first : self.start] + self.replacement + text[self.end : last]
        return before.strip(), after.strip()
