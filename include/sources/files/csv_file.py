"""Reading CSV files: every line becomes a record or is kept as unreadable, and none is bent to fit."""

import codecs
import csv
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import TextIOWrapper
from itertools import chain
from typing import IO

import orjson

from include.sources.config import Files
from include.sources.files.header import checked_header, not_encoded, not_encoded_rule
from include.sources.files.plain_csv import Place, read_plain
from include.sources.files.unpack import Content, mark_length
from include.sources.files.values import Plain, make_plain, plain_values
from include.sources.page import Page, Unreadable, unreadable

ROWS_A_PAGE = 5_000
BYTES_A_PAGE = 64 * 2**20
LARGEST_FIELD = 16 * 2**20  # characters
LARGEST_LINE = 64 * 2**20
_PIECE = 2**20
_LINE_ENDS = ("\n", "\r")
_KEPT_OF_TOO_LARGE = 1_000


def read_csv(config: Files, file: Content) -> Generator[Page]:
    """The records of a CSV file, as text; an empty field is null.

    A line that is no record is kept as unreadable and the lines after it are read on, also after a quote that nobody
    closed: reasons ``wrong_column_count``, ``bad_quotes``, ``cut_off_line``, ``record_too_large``, ``not_utf8`` (or
    the file's own encoding), ``ambiguous_number``, ``ambiguous_date``.

    :raises BadFileError: when the file is empty, its header lacks columns or repeats one, or it cannot be decoded.
    """
    csv.field_size_limit(LARGEST_FIELD)
    try:
        with file.open() as stream:
            top = Place(mark_length(stream, config.encoding), 1)
            lines = _lines(config, stream, top)
            header = _header(config, file, lines)
            if place := _first_record(config, stream, top, lines):
                place = yield from read_plain(stream, place, header, config.delimiter, file.name)
                if place is None:
                    return
                lines.file.detach()
                lines = _lines(config, stream, place)
            yield from _read(config, file, lines, header)
    except UnicodeError:
        raise not_encoded(config, file.location) from None


@dataclass(slots=True)
class _Lines:
    """The lines of a file, remembering those of the present record, so that they can be read again."""

    file: TextIOWrapper
    record: list[str] = field(default_factory=list)
    coming: deque[str] = field(default_factory=deque)
    number: int = 1  # of the record's first line
    ended: bool = False

    def __iter__(self) -> Iterator[str]:
        """:raises csv.Error: at a line that is larger than can be held, of which the beginning is remembered."""
        record, readline = self.record, partial(self.file.readline, LARGEST_LINE + 1)
        again = iter(lambda: self.coming.popleft() if self.coming else "", "")
        for line in chain(again, iter(readline, "")):
            record.append(line)
            if len(line) > LARGEST_LINE:
                self._drop_the_rest()
                raise csv.Error("line too large")
            yield line
        self.ended = True

    def _drop_the_rest(self) -> None:
        if not self.record[-1].endswith(_LINE_ENDS):
            while (piece := self.file.readline(_PIECE)) and not piece.endswith(_LINE_ENDS):
                pass
            self.record[-1] += "\n"

    def done(self) -> None:
        """The record is read: on to the next."""
        self.number += len(self.record)
        self.record.clear()

    def give_up(self) -> str:
        """The record is none: on to its second line. Returns the first."""
        first, *others = self.record
        self.coming.extendleft(reversed(others))
        self.record.clear()
        self.number += 1
        self.ended = False
        return first


def _lines(config: Files, stream: IO[bytes], place: Place) -> _Lines:
    stream.seek(place.offset)
    # surrogateescape: a byte that is not of the encoding spoils its own line, not the whole file
    return _Lines(TextIOWrapper(stream, config.encoding, "surrogateescape", newline=""), number=place.line)


def _first_record(config: Files, stream: IO[bytes], top: Place, lines: _Lines) -> Place | None:
    """Where the records start, after a header of one line; None where only the careful reader can tell."""
    is_usual = len(config.delimiter) == 1 and config.quote == '"' and not config.escape and not plain_values(config)
    is_utf8 = codecs.lookup(config.encoding).name in ("utf-8", "utf-8-sig")
    if config.header != 1 or lines.number != 2 or not is_usual or not is_utf8:
        return None
    position = stream.tell()
    stream.seek(top.offset)
    line = stream.readline(LARGEST_LINE)
    stream.seek(position)
    if not line.endswith(b"\n") or b"\r" in line.removesuffix(b"\r\n"):
        return None
    return Place(top.offset + len(line), 2)


def _read(config: Files, file: Content, lines: _Lines, header: list[str]) -> Iterator[Page]:
    """The records from where the lines are, one by one."""
    plain = plain_values(config)
    reader, page, ended = _reader(config, lines), _empty_page(file, lines), False
    while not ended:
        full = len(page.rows) + len(page.unreadable) >= ROWS_A_PAGE
        try:
            if not full:
                ended = _fill(page, reader, lines, header, plain, file.name)
                full = True
        except csv.Error:
            page.unreadable.append(_unreadable_first_line(lines, f"{file.name}:{lines.number}"))
            reader = _reader(config, lines)
        except TypeError:  # orjson met a surrogate: a byte that is not of the file's encoding
            page.rows.pop()
            where = f"{file.name}:{lines.number}"
            page.unreadable.append(unreadable("".join(lines.record), not_encoded_rule(config), where))
            lines.done()
        if full:
            if page.rows or page.unreadable:
                yield page
            page = _empty_page(file, lines)


def _fill(
    page: Page,
    reader: Iterator[list[str]],
    lines: _Lines,
    header: list[str],
    plain: dict[str, Plain],
    name: str,
) -> bool:
    """Read until the page is full; true at the end of the file. The inner loop of every load from files."""
    width, rows, texts, dumps, size = len(header), page.rows, page.texts, orjson.dumps, 0
    for values in reader:
        reason = None
        if len(values) == width:
            row = dict(zip(header, [value or None for value in values]))  # noqa: B905 (just checked; strict is slow)
            reason = make_plain(row, plain) if plain else None
            if not reason:
                rows.append(row)
                text = dumps(row)
                texts.append(text)
                size += len(text)
        elif values:
            reason = "wrong_column_count"
        if reason:
            bad = unreadable("".join(lines.record), reason, f"{name}:{lines.number}")
            page.unreadable.append(bad)
            size += len(bad.text)
        lines.done()
        if len(rows) + len(page.unreadable) >= ROWS_A_PAGE or size > BYTES_A_PAGE:
            return False
    return True


def _empty_page(file: Content, lines: _Lines) -> Page:
    return Page([], [], [], f"{file.name}:{lines.number}")


def _reader(config: Files, lines: _Lines) -> Iterator[list[str]]:
    if len(config.delimiter) > 1:
        return _split(lines, config.delimiter)
    return csv.reader(
        lines,
        delimiter=config.delimiter,
        quotechar=config.quote,
        escapechar=config.escape,
        quoting=csv.QUOTE_MINIMAL if config.quote else csv.QUOTE_NONE,
        strict=True,
    )


def _split(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    for line in lines:
        text = line.rstrip("\r\n")
        yield text.split(delimiter) if text else []


def _unreadable_first_line(lines: _Lines, where: str) -> Unreadable:
    too_large = sum(map(len, lines.record)) > LARGEST_FIELD
    cut_off = lines.ended
    line = lines.give_up()
    if too_large:
        return unreadable(line[:_KEPT_OF_TOO_LARGE], "record_too_large", where)
    return unreadable(line, "cut_off_line" if cut_off else "bad_quotes", where)


def _header(config: Files, file: Content, lines: _Lines) -> list[str]:
    names: list[str] | None = list(config.columns)
    try:
        if config.header:
            for _ in zip(range(config.header - 1), lines, strict=False):  # what stands above the header is no table
                lines.done()
            names = next(iter(_reader(config, lines)), None)
            lines.done()
    except csv.Error:
        names = None
    return checked_header(config, names, file.location)
