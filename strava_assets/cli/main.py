"""The command group: finds a command's file when it is asked for, and tells errors as sentences."""

from __future__ import annotations

import importlib
import sys
from typing import Any, NoReturn

import click
from typing_extensions import override

from strava_assets import __version__
from strava_assets.errors import StravaAssetsError

# In the order a newcomer meets them; each stands in the module of its name.
COMMANDS = (
    *("up", "login", "sync", "import-archive", "report", "doctor"),
    *("rebuild", "copy", "logout", "forget", "sandbox"),
)


class _Commands(click.Group):
    """Imports a command's module only when that command is asked for."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"strava_assets.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StravaAssetsError as error:
            _end_with(error)
        except OSError as error:
            from strava_assets.cli.os_errors import explain

            if (explained := explain(error)) is None:
                raise
            _end_with(explained)


def _end_with(error: StravaAssetsError) -> NoReturn:
    from strava_assets.cli.console import show_error

    show_error(error)
    sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="strava-assets")
def main() -> None:
    """Your Strava history, as software-defined assets that you own."""
    import logging
    from contextlib import suppress

    from strava_assets.env_file import export_env_file
    from strava_assets.errors import ConfigurationError

    # The secret stores look into the environment. A file that cannot be read is refused by the settings, so
    # that --help and a command without settings work all the same.
    with suppress(ConfigurationError):
        export_env_file()
    # It logs a traceback for each try at a bucket; the error that ends the tries is told in sentences.
    logging.getLogger("gcsfs").addHandler(logging.NullHandler())
