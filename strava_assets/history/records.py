"""One record as Strava sent it, read through the column registry: a typed row, or a reason why not.

A record that cannot be read is set aside whole; it neither stops the others nor vanishes.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.history.calendar import quarter_of, week_of
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import Column, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from strava_assets.landing import Landing, Manifest

_INT64 = range(-(2**63), 2**63)


class Unreadable(Exception):  # noqa: N818 - it is a reason, told to nobody as an error
    """Why a record cannot become a row; its text goes into `rejected_records.reason`."""


@dataclass(frozen=True)
class Origin:
    """Where a record came from: its source, its batch and when it was fetched (UTC)."""

    source: str
    batch_id: str
    fetched_at: datetime


@dataclass(frozen=True)
class LandedRecord:
    """One record with where it came from; a compacted one also carries when it was found to be deleted."""

    record: Any
    origin: Origin
    deleted_at: datetime | None = None


def landed_records(landing: Landing, manifest: Manifest) -> Iterator[list[LandedRecord]]:
    """The records of a batch, a page at a time.

    Raises:
        LandingError: a page is damaged.
    """
    for page in landing.pages(manifest):
        if manifest.kind == "compacted":
            yield [_compacted_record(json.loads(line)) for line in page.body.splitlines()]
        else:
            origin = Origin(manifest.source, manifest.batch_id, page.entry.fetched_at)
            yield [LandedRecord(record, origin) for record in json.loads(page.body)]


def compacted_line(landed: LandedRecord) -> bytes:
    """A record as one line of a compacted batch; `landed_records` reads it back."""
    line = {
        "source": landed.origin.source,
        "batch_id": landed.origin.batch_id,
        "fetched_at": landed.origin.fetched_at.isoformat(),
        "deleted_at": landed.deleted_at.isoformat() if landed.deleted_at else None,
        "record": landed.record,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def _compacted_record(line: dict[str, Any]) -> LandedRecord:
    origin = Origin(line["source"], line["batch_id"], datetime.fromisoformat(line["fetched_at"]))
    deleted_at = datetime.fromisoformat(line["deleted_at"]) if line["deleted_at"] else None
    return LandedRecord(line["record"], origin, deleted_at)


def read_record(record: Any, origin: Origin, week_start: str = "monday") -> dict[str, Any]:
    """A row of `bq_activities` from one raw record.

    Args:
        record: one element of Strava's list, parsed from JSON.
        origin: where it came from.
        week_start: `monday` or `sunday`.

    Raises:
        Unreadable: a field that must be there is not, or a value is not of its kind.
    """
    if not isinstance(record, dict):
        raise Unreadable(f"the record is {_kind(record)}, not an object")
    row = {column.name: _value(column, record) for column in ACTIVITIES.columns if column.source}
    row["sport_type"] = row["sport_type"] or _text(record.get("type"))
    row["timezone"] = _zone_name(row["timezone"])
    row["start_date_local"] = row["start_date_local"] or _local_start(row)
    day = row["start_date_local"].date()
    row |= {
        "activity_date": day,
        "week": week_of(day, week_start),
        "quarter": quarter_of(day),
        "year": day.year,
        "extra": _dump(_beyond_the_registry(record)),
        "source": origin.source,
        "fetched_at": origin.fetched_at,
        "batch_id": origin.batch_id,
        "content_hash": digest(record),
        "deleted_at": None,
    }
    for column in ACTIVITIES.columns:
        if row[column.name] is None and not column.nullable:
            raise Unreadable(f"{column.source or column.name} is missing")
    return row


def rejected_record(record: Any, reason: str, origin: Origin) -> dict[str, Any]:
    """A row of `rejected_records`: the record as it was, with the reason."""
    activity_id = record.get("id") if isinstance(record, dict) else None
    usable = isinstance(activity_id, int | str) and not isinstance(activity_id, bool)
    return {
        "record_hash": digest(record),
        "activity_id": str(activity_id) if usable else None,
        "reason": reason,
        "record": _dump(record),
        "source": origin.source,
        "batch_id": origin.batch_id,
        "fetched_at": origin.fetched_at,
    }


def digest(record: Any) -> str:
    """A digest of a record's content, the same for the same content in any order of its fields."""
    return hashlib.blake2b(_dump(record).encode(), digest_size=16).hexdigest()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _value(column: Column, record: Mapping[str, Any]) -> Any:
    value: Any = record
    for step in column.source.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return None
    try:
        return _READERS[column.type](value)
    except Unreadable as reason:
        raise Unreadable(f"{column.source} {reason}") from None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # ids travel as numbers and are kept as text
    raise Unreadable(f"should be text and is {_kind(value)}")


def _integer(value: Any) -> int:
    number = _number(value)
    return round(number)  # Strava sends whole numbers as 7772 or 7772.0 at whim


def _float(value: Any) -> float:
    return float(_number(value))


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"should be a number and is {_kind(value)}")
    if not math.isfinite(value):
        raise Unreadable("is not a finite number")
    if round(value) not in _INT64:
        raise Unreadable("is a number beyond 64 bits")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Unreadable(f"should be true or false and is {_kind(value)}")


def _instant(value: Any) -> datetime:
    moment = _moment(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wall_clock(value: Any) -> datetime:
    return _moment(value).replace(tzinfo=None)  # its Z is false: this is the athlete's own clock


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Unreadable(f"should be a time and is {_kind(value)}")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Unreadable(f"is no time: {value[:40]!r}") from None


_READERS: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.FLOAT: _float,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TIMESTAMP: _instant,
    ColumnType.DATETIME: _wall_clock,
}


def _zone_name(timezone: str | None) -> str | None:
    # "(GMT+01:00) Europe/Paris": the GMT part is the standard offset and wrong in summer.
    return timezone.rsplit(") ", 1)[-1].strip() or None if timezone else None


def _local_start(row: Mapping[str, Any]) -> datetime:
    if row["start_date"] is None:
        raise Unreadable("start_date is missing")
    if row["utc_offset_s"] is None:
        raise Unreadable("start_date_local is missing, and so is utc_offset")
    local: datetime = row["start_date"] + timedelta(seconds=row["utc_offset_s"])
    return local.replace(tzinfo=None)


def _beyond_the_registry(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the record holds besides the registry's fields."""
    rest = dict(record)
    for column in ACTIVITIES.columns:
        head, _, tail = column.source.partition(".")
        if not tail:
            rest.pop(head, None)
        elif isinstance(rest.get(head), dict):
            rest[head] = {key: value for key, value in rest[head].items() if key != tail}
    return rest


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {str: "text", bool: "true or false", list: "a list", dict: "an object"}.get(
        type(value), "a number"
    )
