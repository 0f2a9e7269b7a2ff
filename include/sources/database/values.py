"""The values of a database as JSON, without loss: what JSON has no type for becomes text.

Numbers of any size, dates and times are taken as the server writes them where its driver lets us: that is exact, it
also holds what Python has no value for (``0000-00-00``, ``infinity``, an interval of a month), and it is faster.
"""

import base64
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions

PLAIN = frozenset({str, int, bool, type(None)})
NESTED = frozenset({orjson.Fragment, list, tuple, dict})

# PostgreSQL's types that its driver gives as Python's own; all others come as the server's text
_KEPT = ("bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea")


def plain(value: Any, zone: ZoneInfo | None) -> Any:
    """A value as one that JSON has; times without a zone get the offset of ``zone``, if it is given."""
    if type(value) in PLAIN or isinstance(value, orjson.Fragment):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return (value.replace(tzinfo=zone) if zone and value.tzinfo is None else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _clock(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(item, zone) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, zone) for key, item in value.items()}
    return str(value)


def mysql(zone: ZoneInfo | None) -> dict[Any, Callable | type]:
    """The conversions of PyMySQL: texts as they come, a BIT as its number, JSON as it is."""
    found = dict(conversions)
    for kind in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.DATE, FIELD_TYPE.TIME):
        del found[kind]
    found[FIELD_TYPE.DATETIME] = lambda text: _zoned(text, zone)
    found[FIELD_TYPE.TIMESTAMP] = lambda text: text if text.startswith("0000-") else f"{text.replace(' ', 'T')}Z"
    found[FIELD_TYPE.BIT] = lambda data: int.from_bytes(data, "big")
    found[FIELD_TYPE.JSON] = orjson.Fragment
    return found


def use_texts(connection: psycopg.Connection, zone: ZoneInfo | None) -> None:
    """Have psycopg give the texts of the server for all types but numbers of a fixed size, booleans, bytes and JSON."""

    class Naive(Loader):
        def load(self, data: Buffer) -> str:
            return _zoned(bytes(data).decode(), zone)

    class Aware(Loader):
        def load(self, data: Buffer) -> str:
            return _utc(bytes(data).decode())

    adapters = connection.adapters
    for kind in adapters.types:
        if kind.name not in _KEPT:
            adapters.register_loader(kind.oid, TextLoader)
    adapters.register_loader("timestamp", Naive)
    adapters.register_loader("timestamptz", Aware)
    adapters.register_loader("json", _Json)
    adapters.register_loader("jsonb", _Json)


class _Json(Loader):
    def load(self, data: Buffer) -> orjson.Fragment:
        return orjson.Fragment(bytes(data))


def _zoned(text: str, zone: ZoneInfo | None) -> str:
    """A server's ``2026-11-20 08:00:00`` in ISO 8601, with the zone's offset; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(text) if zone else None
    except ValueError:
        return text
    if moment:
        return moment.replace(tzinfo=zone).isoformat()
    return text if text.startswith("0000-") or text.endswith(" BC") else text.replace(" ", "T")


def _utc(text: str) -> str:
    """A server's ``2026-11-20 08:00:00+01`` in ISO 8601 and UTC; what Python has no value for stays as it is."""
    if text.endswith("+00"):
        return f"{text.replace(' ', 'T')}:00"
    try:
        return datetime.fromisoformat(text).astimezone(ZoneInfo("UTC")).isoformat()
    except (ValueError, OverflowError):
        return text


def _clock(span: timedelta) -> str:
    """``-838:59:59``, as the clock of a TIME column is written."""
    sign, span = ("-", -span) if span < timedelta() else ("", span)
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    fraction = f".{span.microseconds:06d}" if span.microseconds else ""
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"
