"""What a message says, as plain text that no receiver takes for markup of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# apprise escapes text for the services whose markup it knows. What Slack, Discord, Google Chat and others
# read as a mention or a link is broken here for all of them: a name on Strava may hold anything.
_MARKUP = re.compile(
    r"<(?=[!@#]|users/)|@(?=(?:everyone|here|channel|all|room|team)\b)|\](?=\()", re.IGNORECASE
)
_ZERO_WIDTH_SPACE = "\u200b"
_MAX_CHARACTERS = 3_000


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        status: what it is about.
        subject: one line.
        text: what happened, what it means, what to do.
        run_id: the run it is about; empty where it is about none.
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
        """The text and the run, without markup; what is longer than a message should be is cut."""
        text = self.text if len(self.text) <= _MAX_CHARACTERS else f"{self.text[:_MAX_CHARACTERS]} …"
        return _without_markup(f"{text}\n\nRun {self.run_id}" if self.run_id else text)


def _without_markup(text: str) -> str:
    """The text with every mention and link broken by a character that is not seen."""
    return _MARKUP.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text)
