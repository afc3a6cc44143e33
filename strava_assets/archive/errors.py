"""What can be wrong with an export as a whole, and with one recording of it."""

from __future__ import annotations

from strava_assets.errors import StravaAssetsError


class ArchiveError(StravaAssetsError):
    """An export cannot be used; nothing of it was imported."""


class UnreadableFileError(Exception):
    """Why one file of an export cannot be used; its text is kept beside the activity."""
