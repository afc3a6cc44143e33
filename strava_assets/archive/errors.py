"""Errors of a whole export and of one file in it."""

from __future__ import annotations

from strava_assets.errors import StravaAssetsError


class ArchiveError(StravaAssetsError):
    """The export cannot be used. Nothing was imported."""


class UnreadableFileError(Exception):
    """One file of the export cannot be used. The text is stored with the activity."""


class NoSamplesError(UnreadableFileError):
    """The file is sound and has no samples, as of a pool swim that counts lengths."""
