"""Reaching into a record: values by dotted path, instants whatever way they are written."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from include.settings import TIMEZONE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# ISO 8601 without its hyphens and colons, 20261122 or 20261122093000; as seconds the first would be of 1970
_COMPACT = re.compile(r"(19|20)\d{6}(\d{6})?")
# Counted in seconds this is the year 5138, counted in milliseconds March 1973: no record is from either.
_LARGEST_SECONDS = 1e11


def value_at(record: Any, path: str) -> Any:
    """The value at a dotted path (``properties.email``; a number picks from a list), or None when there is none.

    A key that is the whole path itself wins: a CSV file may have a column named ``order.id``. The empty path is the
    record itself.
    """
    if not path:
        return record
    if isinstance(record, dict) and path in record:
        return record[path]
    for key in path.split("."):
        if isinstance(record, dict):
            record = record.get(key)
        elif isinstance(record, list) and key.isdecimal() and int(key) < len(record):
            record = record[int(key)]
        else:
            return None
    return record


def instant(value: Any) -> datetime | None:
    """An aware UTC instant from ISO 8601 text, epoch seconds or epoch milliseconds (numbers or text); else None.

    ISO text without an offset is a time of the business time zone.
    """
    try:
        if isinstance(value, str) and _COMPACT.fullmatch(value):
            value = value[:8] + (f"T{value[8:]}" if value[8:] else "")
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            # a time without a zone is one of the business's own, as it is in staging
            return (moment.replace(tzinfo=TIMEZONE) if moment.tzinfo is None else moment).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # timedelta rather than fromtimestamp: exact to the millisecond, and good before 1970 on every platform
            milliseconds = value if abs(value) > _LARGEST_SECONDS else value * 1000
            return _EPOCH + timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError):
        return None
    return None
