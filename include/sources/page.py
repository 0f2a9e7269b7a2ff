"""What a reader hands on: pages of records, with what could not be read beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of a source that is no record, kept as it came.

    ``text`` can be stored anywhere (no NUL, no lone surrogate: those are written as ``\\x00``), ``reason`` is a short
    rule id (``not_json``, ``wrong_column_count``, …), ``location`` says where it was found (``orders.csv:17``).
    """

    text: str
    reason: str
    location: str


@dataclass(slots=True)
class Page:
    """Some records of one entity, in the order of the source.

    ``texts[i]`` is the JSON text of ``rows[i]`` as received: UTF-8, one record. ``seen_at`` is the version time of
    records that have none of their own (a file's own date); None means the window's last day.
    """

    rows: list[dict]
    texts: list[bytes]
    unreadable: list[Unreadable] = field(default_factory=list)
    location: str = ""
    seen_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many records came, readable or not."""
        return len(self.rows) + len(self.unreadable)


class Columns(Page):
    """A page whose records are still in columns: all text, null where empty, every one of them readable.

    What reads millions of records takes ``table``; ``rows`` and ``texts`` are made when they are asked for.
    """

    def __init__(self, table: pa.Table, location: str, seen_at: datetime | None = None) -> None:
        self.table, self.unreadable, self.location, self.seen_at = table, [], location, seen_at

    def __getattr__(self, name: str) -> Any:
        if name == "rows":
            self.rows = self.table.to_pylist()
            return self.rows
        if name == "texts":
            self.texts = [orjson.dumps(row) for row in self.rows]
            return self.texts
        raise AttributeError(name)

    @property
    def count(self) -> int:
        return self.table.num_rows


def unreadable(text: str | bytes, reason: str, location: str) -> Unreadable:
    """An `Unreadable` whose text is safe to store, whatever bytes came."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return Unreadable(raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00"), reason, location)
