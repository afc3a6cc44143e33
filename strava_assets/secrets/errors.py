"""Errors of the token stores. No message quotes a value."""

from __future__ import annotations

from strava_assets.errors import StravaAssetsError


class SecretStoreError(StravaAssetsError):
    """A secret store cannot be used as it is."""


class SecretStoreBusyError(SecretStoreError):
    """Another process holds the store for longer than a token refresh takes."""
