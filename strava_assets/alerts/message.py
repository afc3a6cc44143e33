"""The text of a message, with markup of chat services disabled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# apprise escapes only the markup that it knows. Activity names may contain anything, so mentions and links of
# Slack, Discord, Google Chat and others are disabled for all services.
_MARKUP = re.compile(
    r"<(?=[!@#]|users/)|@(?=(?:everyone|here|channel|all|room|team)\b)|\](?=\()", re.IGNORECASE
)
_ZERO_WIDTH_SPACE = "\u200b"
_MAX_CHARACTERS = 3_000


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        status: The kind of message.
        subject: One line.
        text: What happened, what it means, and what to do.
        run_id: The run; empty without one.
    """

    status: Literal["failed", "recovered", "test"]
    subject: str
    text: str
    run_id: str = ""

    @property
    def title(self) -> str:
        """The subject on one line, without markup."""
        return _without_markup(" ".join(self.subject.split()))

    @property
    def body(self) -> str:
        """The text, shortened if necessary, and the run, without markup."""
        text = self.text if len(self.text) <= _MAX_CHARACTERS else f"{self.text[:_MAX_CHARACTERS]} …"
        return _without_markup(f"{text}\n\nRun {self.run_id}" if self.run_id else text)


def _without_markup(text: str) -> str:
    """The text with an invisible character in each mention and link."""
    return _MARKUP.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text)
