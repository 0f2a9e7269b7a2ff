"""A report as data: what is said, drawn and tabled, before any format. Every format is made from this one model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Phrase:
    """How a comparison is said: ``▲ 12 % <on>``, ``0 <at>``."""

    on: str
    at: str


@dataclass(frozen=True)
class Change:
    """What became of a figure, in words; tone is good, bad or flat.

    :param is_same: whether the figure is what it was.
    """

    text: str
    tone: str
    is_same: bool = False


@dataclass(frozen=True)
class Tile:
    """One figure at the top of the page.

    :param kind: how the value is shown, see :func:`include.reports.words.show`.
    :param term: key of its definition.
    :param note: what else must be known to read it.
    """

    label: str
    kind: str
    value: Any
    term: str
    unit: str = ""
    change: Change | None = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, how its values are shown, and the key of its definition."""

    heading: str
    kind: str = "text"
    term: str | None = None


@dataclass(frozen=True)
class Table:
    """Typed values under headings; the first column names the row."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing, with what it shows in words for those who cannot see it.

    :param svg: the drawing.
    :param note: what must be known to read it.
    :param is_wide: whether it takes the page's whole width.
    """

    caption: str
    svg: bytes
    alt: str
    note: str = ""
    is_wide: bool = False
    term: str | None = None


@dataclass(frozen=True)
class Sentence:
    """Said in place of a picture or table that would be empty."""

    text: str


Block = Picture | Table | Sentence


@dataclass(frozen=True)
class Section:
    """A part of the page under one heading."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A whole report.

    :param changes: what changed, three to six sentences.
    :param doubts: what is missing or doubtful, a sentence each.
    """

    subject: str
    title: str
    changes: Sequence[str]
    doubts: Sequence[str]
    tiles: Sequence[Tile]
    sections: Sequence[Section] = field(default_factory=tuple)
