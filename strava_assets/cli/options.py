"""Kinds of option values that several commands take; a wrong one is refused before a heavy import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from strava_assets.setting_paths import expand_user

if TYPE_CHECKING:
    import os


class Port(click.IntRange):
    """A TCP port."""

    name = "port"

    def __init__(self, *, zero_is_any: bool = False) -> None:
        super().__init__(0 if zero_is_any else 1, 65535)


class UserPath(click.Path):
    """A path in which `~` stands for the user's folder; a shell does not expand it in `--option=~/file`."""

    def __init__(self, **checks: bool) -> None:
        super().__init__(path_type=Path, **checks)

    @override
    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        if not str(value):
            self.fail("The path is empty.", param, ctx)
        try:
            return super().convert(expand_user(str(value)), param, ctx)
        except ValueError as error:
            self.fail(f"{str(value)!r} {error}.", param, ctx)


class AthleteId(click.IntRange):
    """Strava's id of an athlete, kept as text."""

    name = "id"

    def __init__(self) -> None:
        super().__init__(min=1)

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return str(super().convert(value, param, ctx))
