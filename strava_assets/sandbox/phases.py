"""The training phases of a week, which season.py plans and fitness.py rewards."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """The training phase of a week."""

    base = "base"
    build = "build"
    peak = "peak"
    camp = "camp"
    recovery = "recovery"
    test = "test"
    transition = "transition"
    ill = "ill"
    injured = "injured"
    comeback = "comeback"
