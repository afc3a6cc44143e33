"""The command group: finds a command's file when it is asked for, and prints errors as sentences."""

from __future__ import annotations

import importlib
import io
import logging
import sys
from contextlib import contextmanager, suppress
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from strava_assets import __version__
from strava_assets.cli.signals import exit_status, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the order a newcomer meets them; each stands in the module of its name, with _ after a word of Python's.
COMMANDS = (
    *("up", "login", "athletes", "sync", "import", "report", "bi", "doctor"),
    *("load", "rebuild", "verify", "copy", "logout", "forget", "webserver", "webhook", "sandbox"),
)
# Earlier names of commands, by which they can still be called.
ALIASES = {"import-archive": "import"}


class _Commands(click.Group):
    """Imports a command's module only when that command is asked for."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"strava_assets.cli.{name}{'_' * iskeyword(name)}")
        command: click.Command = module.command
        return command

    @override
    def main(self, *args: Any, **extra: Any) -> Any:
        _escape_unprintable_characters()
        return super().main(*args, **extra)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with end_with_message():
            return super().invoke(ctx)


def _escape_unprintable_characters() -> None:
    """Print what the terminal's encoding lacks as an escape: a log file of Windows has no check mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def end_with_message() -> Iterator[None]:
    """End the process with a sentence and an exit status where a signal or a known error ends the block."""
    # They log a traceback for each try at a bucket, and for a database connection that a signal closes.
    for library in ("gcsfs", "sqlalchemy.pool"):
        logging.getLogger(library).addHandler(logging.NullHandler())
    try:
        with stop_on_signals():
            yield
    except KeyboardInterrupt as interrupt:
        click.echo("Stopped.", err=True)
        sys.exit(exit_status(interrupt))
    except Exception as error:
        from strava_assets.cli.console import show_error
        from strava_assets.cli.os_errors import as_user_error

        message = as_user_error(error)
        if message is None:
            raise
        show_error(message)
        sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="strava-assets")
def main() -> None:
    """Your Strava history, as software-defined assets that you own."""
    from strava_assets.env_file import export_env_file
    from strava_assets.errors import ConfigurationError
    from strava_assets.file_modes import start_private

    # The secret stores look into the environment. A file that cannot be read is refused by the settings, so
    # that --help and a command without settings work all the same.
    with suppress(ConfigurationError):
        export_env_file()
    start_private()
