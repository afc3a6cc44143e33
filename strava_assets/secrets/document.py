"""The token document as a file or a cloud's secret holds it: one JSON object of texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping


def document_text(values: Mapping[str, str]) -> str:
    """The document of some values."""
    return json.dumps(dict(values), sort_keys=True)


def values_in(content: str | bytes) -> dict[str, str] | None:
    """The values of a document; None if it is something else.

    No error of JSON leaves it, because it quotes the text around the mistake.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        return None
    return document


def parse_document(text: str, name: str) -> dict[str, str]:
    """The values of a secret; a bare text is a refresh token that somebody pasted.

    Args:
        text: What the secret holds.
        name: The secret's name in a sentence.

    Raises:
        SecretStoreError: It holds something else.
    """
    text = text.strip()
    if not text.startswith("{"):
        return {"refresh_token": text} if text else {}
    values = values_in(text)
    if values is None:
        raise SecretStoreError(
            f"{name} does not hold a token document of this project.",
            means="It was left as it is.",
            remedy="Choose another secret, or add a version that holds the refresh token alone.",
        )
    return values
