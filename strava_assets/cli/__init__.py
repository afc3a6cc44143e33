"""The command line: `strava-assets COMMAND`. One file a command; each imports what it needs when it runs."""

from strava_assets.cli.main import main

__all__ = ["main"]
