"""Converts one raw record to a typed row by the column registry, or rejects it with a reason.

A rejected record is stored completely and does not stop the others.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.history.calendar import quarter_of, week_of
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from strava_assets.landing import Landing, Manifest

Key = tuple[str, str]
"""An activity: athlete and id."""

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
# The years of valid activities; a garbled date must not extend the calendars of the marts.
_YEARS = range(1900, 2200)
# Escaped, or as bytes, which the JSON reader takes too.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_DAY_S = 86_400
_as_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_as_strict_json = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


class UnreadableRecordError(Exception):
    """A record cannot become a row; the text becomes `rejected_records.reason`."""


@dataclass(frozen=True)
class Origin:
    """The origin of a record: its source, its batch and its fetch time (UTC)."""

    source: str
    batch_id: str
    fetched_at: datetime


@dataclass(frozen=True)
class LandedRecord:
    """One record with its origin; a compacted one also has the time of its deletion."""

    record: Any
    origin: Origin
    deleted_at: datetime | None = None


def landed_records(landing: Landing, manifest: Manifest) -> Iterator[list[LandedRecord]]:
    """Yield the records of a batch, one page at a time.

    Raises:
        LandingError: a page is damaged.
    """
    for page in landing.pages(manifest):
        try:
            if manifest.kind == "compacted":
                records = [_compacted_record(_parsed(line)) for line in page.body.splitlines()]
            else:
                origin = Origin(manifest.source, manifest.batch_id, page.entry.fetched_at)
                records = [LandedRecord(record, origin) for record in _parsed_list(page.body)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            # The text of the error may quote the page, so only its type is named.
            raise landing.damaged_page(
                page.path, f"it does not contain records ({type(error).__name__})"
            ) from error
        yield records


def compacted_line(landed: LandedRecord) -> bytes:
    """A record as one line of a compacted batch; `landed_records` reads it."""
    line = {
        "source": landed.origin.source,
        "batch_id": landed.origin.batch_id,
        "fetched_at": landed.origin.fetched_at.isoformat(),
        "deleted_at": landed.deleted_at.isoformat() if landed.deleted_at else None,
        "record": landed.record,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def _parsed(body: bytes) -> Any:
    """The JSON of a body, with a replacement character for lone surrogates, which no engine stores."""
    document = json.loads(body)
    may_have_some = _SURROGATE.search(body) or not json.detect_encoding(body).startswith("utf-8")
    return _without_lone_surrogates(document) if may_have_some else document


def _parsed_list(body: bytes) -> list[Any]:
    document = _parsed(body)
    if not isinstance(document, list):
        raise TypeError("not a list")
    return document


def _without_lone_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(name): _without_lone_surrogates(item) for name, item in value.items()
        }
    return value


def _compacted_record(line: dict[str, Any]) -> LandedRecord:
    origin = Origin(line["source"], line["batch_id"], _time_with_zone(line["fetched_at"]))
    deleted_at = _time_with_zone(line["deleted_at"]) if line["deleted_at"] else None
    return LandedRecord(line["record"], origin, deleted_at)


def _time_with_zone(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def read_record(record: Any, origin: Origin, week_start: str = "monday") -> dict[str, Any]:
    """Make a row of `bq_activities` from one raw record.

    Args:
        record: one element of Strava's list, parsed from JSON.
        origin: the origin of the record.
        week_start: `monday` or `sunday`.

    Raises:
        UnreadableRecordError: a required field is missing, or a value has the wrong type.
    """
    if not isinstance(record, dict):
        raise UnreadableRecordError(f"the record is {_kind(record)}, not an object")
    row = {name: _value(path, reader, record) for name, path, reader in _FIELDS}
    row["sport_type"] = row["sport_type"] or _text(record.get("type"))
    row["timezone"] = _zone_name(row["timezone"])
    row["start_date_local"] = row["start_date_local"] or _local_start(row)
    day = row["start_date_local"].date()
    row |= {
        "activity_date": day,
        "week": week_of(day, week_start),
        "quarter": quarter_of(day),
        "year": day.year,
        "extra": _extra(record),
        "source": origin.source,
        "fetched_at": origin.fetched_at,
        "batch_id": origin.batch_id,
        "content_hash": digest(record),
        "deleted_at": None,
        # Decided in the table, once all rows are there.
        "merged_into": None,
    }
    for name, source in _REQUIRED:
        if row[name] is None or row[name] == "":
            raise UnreadableRecordError(f"{source} is missing")
    return row


def key_of(landed: LandedRecord) -> Key:
    """The activity of a record.

    Raises:
        UnreadableRecordError: it cannot become a row.
    """
    row = read_record(landed.record, landed.origin)
    return row["athlete_id"], row["activity_id"]


def rejected_record(record: Any, reason: str, origin: Origin) -> dict[str, Any]:
    """Make a row of `rejected_records`: the original record with the reason."""
    activity_id = record.get("id") if isinstance(record, dict) else None
    usable = isinstance(activity_id, int | str) and not isinstance(activity_id, bool)
    return {
        "record_hash": digest(record),
        "activity_id": str(activity_id) if usable else None,
        "reason": reason,
        "record": _as_json(record),
        "source": origin.source,
        "batch_id": origin.batch_id,
        "fetched_at": origin.fetched_at,
    }


def digest(record: Any) -> str:
    """A digest of a record's content, independent of the order of its fields."""
    return hashlib.blake2b(_as_json(record).encode(), digest_size=16).hexdigest()


def _value(path: tuple[str, ...], reader: Callable[[Any], Any], record: Mapping[str, Any]) -> Any:
    value: Any = record
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return None
    try:
        return reader(value)
    except UnreadableRecordError as reason:
        raise UnreadableRecordError(f"{'.'.join(path)} {reason}") from None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(_number(value))  # Strava sends ids as numbers; they are stored as text
    raise UnreadableRecordError(f"should be text and is {_kind(value)}")


def _integer(value: Any) -> int:
    return round(_number(value))  # Strava sends whole numbers as 7772 or 7772.0


def _float(value: Any) -> float:
    return float(_number(value))


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableRecordError(f"should be a number and is {_kind(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UnreadableRecordError("is not a finite number")
    if not _INT64_MIN <= value <= _INT64_MAX:
        raise UnreadableRecordError("is a number beyond 64 bits")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise UnreadableRecordError(f"should be true or false and is {_kind(value)}")


def _instant(value: Any) -> datetime:
    moment = _moment(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wall_clock(value: Any) -> datetime:
    return _moment(value).replace(tzinfo=None)  # its Z is wrong: this is local time


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise UnreadableRecordError(f"should be a time and is {_kind(value)}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise UnreadableRecordError(f"is not a valid time: {value[:40]!r}") from None
    if moment.year not in _YEARS:
        raise UnreadableRecordError(f"is not a plausible time: {value[:40]!r}")
    return moment


_READERS: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.FLOAT: _float,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TIMESTAMP: _instant,
    ColumnType.DATETIME: _wall_clock,
}

# The registry, prepared for reading thousands of records: a column's name, its path and its reader.
_FIELDS = tuple(
    (c.name, tuple(c.source.split(".")), _READERS[c.type]) for c in ACTIVITIES.columns if c.source
)
_REQUIRED = tuple((c.name, c.source or c.name) for c in ACTIVITIES.columns if not c.nullable)
_TOP_FIELDS = frozenset(path[0] for _, path, _ in _FIELDS if len(path) == 1)
_INNER_FIELDS = tuple(path for _, path, _ in _FIELDS if len(path) > 1)


def _zone_name(timezone: str | None) -> str | None:
    # "(GMT+01:00) Europe/Paris": the GMT part is the standard offset and wrong in summer.
    name = (timezone or "").rpartition(")")[2].strip()
    return name or None


def _local_start(row: Mapping[str, Any]) -> datetime:
    if row["start_date"] is None:
        raise UnreadableRecordError("start_date is missing")
    if row["utc_offset_s"] is None:
        raise UnreadableRecordError("start_date_local is missing, and so is utc_offset")
    if abs(row["utc_offset_s"]) > _DAY_S:
        raise UnreadableRecordError(f"utc_offset is not a valid offset: {row['utc_offset_s']}")
    local: datetime = row["start_date"] + timedelta(seconds=row["utc_offset_s"])
    return local.replace(tzinfo=None)


def _extra(record: Mapping[str, Any]) -> str:
    """The fields of the record that are not in the registry, as JSON."""
    rest = {name: value for name, value in record.items() if name not in _TOP_FIELDS}
    for head, tail in _INNER_FIELDS:
        if isinstance(rest.get(head), dict):
            rest[head] = {name: value for name, value in rest[head].items() if name != tail}
    try:
        return _as_strict_json(rest)
    except ValueError:
        raise UnreadableRecordError(
            "a field beyond the registry contains a number that is not finite"
        ) from None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {str: "text", bool: "true or false", list: "a list", dict: "an object"}.get(
        type(value), "a number"
    )
