"""Reads the JSON documents that this project wrote, strictly, and says in one line what is wrong with one.

What a damaged document means, and what to do about it, is said by the package that keeps it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

STRICT = ConfigDict(extra="forbid", strict=True)
"""`__pydantic_config__` of a dataclass that is read from a document."""


class DamagedDocumentError(ValueError):
    """A document is not JSON or not of its form; the text is one line without the document's values."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A time with its zone, as UTC."""


def read_document(form: TypeAdapter[T], text: str | bytes) -> T:
    """Read a JSON document.

    Args:
        form: what it must be.
        text: the document.

    Raises:
        DamagedDocumentError: it is not JSON, nested too deeply, or not of that form.
    """
    try:
        return form.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DamagedDocumentError(f"{place}: {first['msg']}" if place else first["msg"]) from None
