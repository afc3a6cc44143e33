"""Strict parsing of JSON documents that this project wrote, with one-line errors.

The packages that store the documents add consequences and remedies to the errors.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

STRICT = ConfigDict(extra="forbid", strict=True)
"""The `__pydantic_config__` of dataclasses that are read from documents."""


class DamagedDocumentError(ValueError):
    """A document is not valid JSON or has the wrong structure. The text is one line without values."""


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware time, converted to UTC."""


def read_document(form: TypeAdapter[T], text: str | bytes) -> T:
    """Parse a JSON document of the type `form`.

    Raises:
        DamagedDocumentError: The text is not JSON, is nested too deeply, or has another structure.
    """
    try:
        return form.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise DamagedDocumentError(f"{place}: {first['msg']}" if place else first["msg"]) from None
