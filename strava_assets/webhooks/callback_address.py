"""The secret of the callback address.

Strava does not sign events, so the path of the callback address is derived from the verify token: nobody but
Strava and the proxy in front of the receiver knows it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

PREFIX = "/strava/"
"""What a proxy has to forward, and nothing else."""


def new_verify_token() -> str:
    """A random verify token."""
    return secrets.token_urlsafe(32)


def callback_path(verify_token: str) -> str:
    """The path at which the receiver answers."""
    return PREFIX + hmac.new(verify_token.encode(), b"callback path", hashlib.sha256).hexdigest()[:32]


def path_digest(verify_token: str) -> str:
    """A digest of the path, which tells whether a subscription belongs to this verify token."""
    return hashlib.sha256(callback_path(verify_token).encode()).hexdigest()[:16]
