"""Shards: each of several processes holds its share of the athletes in a DuckDB file of its own.

No mart compares two athletes, so that the tables of all shards together are those of one process. Which
athlete belongs to which shard is decided here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SETTING = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_FOLDER = re.compile(r"shard=([1-9][0-9]{0,3})-of-([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Shard:
    """One of several shares of the athletes.

    Args:
        number: which one, counted from 1.
        of: how many there are.
    """

    number: int
    of: int

    @classmethod
    def from_setting(cls, text: str) -> Shard | None:
        """The shard that `2/4` names; None for an empty text.

        Raises:
            ValueError: it names none.
        """
        if not text:
            return None
        match = _SETTING.fullmatch(text)
        if not match or int(match[1]) > int(match[2]):
            raise ValueError("must name a shard and how many there are, e.g. 2/4, or be empty")
        return cls(int(match[1]), int(match[2]))

    @property
    def name(self) -> str:
        """The shard in names of files, e.g. `2-of-4`."""
        return f"{self.number}-of-{self.of}"

    @property
    def folder(self) -> str:
        """The folder of its published tables."""
        return f"shard={self.name}"

    def holds(self, athlete_id: str | None) -> bool:
        """Whether an athlete belongs to this shard; what belongs to nobody is in the first one."""
        if athlete_id is None:
            return self.number == 1
        digest = hashlib.sha256(athlete_id.encode()).hexdigest()
        return int(digest[:8], 16) % self.of + 1 == self.number


def shard_of_folder(name: str) -> Shard | None:
    """The shard whose published tables are in a folder of this name; None for another folder."""
    match = _FOLDER.fullmatch(name)
    return Shard(int(match[1]), int(match[2])) if match else None


def missing_shards(names: Iterable[str]) -> str:
    """What these folders of shards lack to be all athletes, as a sentence; empty if nothing."""
    numbers: dict[int, set[int]] = {}
    for name in names:
        if shard := shard_of_folder(name):
            numbers.setdefault(shard.of, set()).add(shard.number)
    if len(numbers) > 1:
        kinds = " and ".join(f"of {of}" for of in sorted(numbers))
        return f"It holds shards {kinds}, which have athletes twice."
    for of, present in numbers.items():
        if missing := sorted(set(range(1, of + 1)) - present):
            held = ", ".join(map(str, sorted(present)))
            lacking = ", ".join(map(str, missing))
            return f"It holds shards {held} of {of}, so that the athletes of shard {lacking} are missing."
    return ""
