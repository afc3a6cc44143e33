"""Converts operating system errors with a remedy to user errors.

Commands explain errors of their own files, storage_errors.py explains a full or failing disk, and
cloud_failures.py what Amazon or Azure refuses. This module handles missing permissions and limits of the
operating system.
"""

from __future__ import annotations

import errno

from strava_assets.cli.storage_errors import as_storage_error
from strava_assets.cloud_failures import as_cloud_error
from strava_assets.errors import StravaAssetsError

_REMEDIES = {
    errno.EACCES: "Give read and write permission to the user who runs the command.",
    errno.EPERM: "Give read and write permission to the user who runs the command.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n), then run the command again.",
    errno.ENFILE: "Raise the system's limit of open files, then run the command again.",
}


def as_user_error(error: Exception) -> StravaAssetsError | None:
    """The error with a remedy, or None if it is a bug."""
    if isinstance(error, StravaAssetsError):
        return error
    # First: a refusal of a cloud is raised as an error of the disk, too.
    if cloud_error := as_cloud_error(error):
        return cloud_error
    if storage_error := as_storage_error(error):
        return storage_error
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    happened = f"{error.filename} cannot be used" if error.filename else "The operating system failed"
    return StravaAssetsError(
        f"{happened}: {error.strerror}.",
        means="The command stopped at this point. Everything before it is kept.",
        remedy=_REMEDIES[error.errno],
    )
