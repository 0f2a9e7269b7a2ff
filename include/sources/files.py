"""Reading CSV files: every line becomes a record or is kept as unreadable, and none is bent to fit."""

import codecs
import csv
import re
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import orjson

from include.settings import PROJECT
from include.sources.config import Files, Source
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError, SourceError
from include.sources.page import Page, Unreadable, unreadable
from include.sources.plain_csv import TOP, Place, read_plain
from include.window import Window

ROWS_A_PAGE = 5_000
BYTES_A_PAGE = 64 * 2**20
LARGEST_FIELD = 16 * 2**20  # characters
LARGEST_LINE = 64 * 2**20
_PIECE = 2**20
_LINE_ENDS = ("\n", "\r")
_KEPT_OF_TOO_LARGE = 1_000

# A file that changed this many seconds ago may still be growing; one that goes on changing is waited for this long.
SETTLED_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0


def window_files(config: Files, window: Window, connection: SourceConnection) -> list[Path]:
    """The files of a window, by name, all of them at rest.

    A file that is still being written is waited for: left to a later window, its day would never be read.

    :raises ReadFailedError: when the folder is missing, a name's date is none, or a file does not come to rest.
    """
    folder = _folder(config, connection)
    paths = sorted(path for path in folder.glob(config.pattern) if path.is_file())
    if config.date_pattern:
        paths = [path for path in paths if _is_in(path, config.date_pattern, window)]
    for path in paths:
        _wait_until_settled(path)
    return paths


def match_files(source: Source, paths: list[Path]) -> dict[str, list[Path]]:
    """Which entity each file belongs to, by its name; folders stand for the files in them that match.

    :returns: entity name → files in order of their names; only entities that have any.
    :raises SourceError: when a path is missing, or a named file (or every file of a folder) belongs to no entity.
    """
    patterns = {entity.name: entity.files.pattern for entity in source.entities.values() if entity.files}
    matched: dict[str, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise SourceError(
                source.name, "files", None, str(path), "there is no such file or folder", "Check the path."
            )
        inside = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        found = [(name, file) for file in inside for name, pattern in patterns.items() if file.match(pattern)]
        if not found:
            expected = ", ".join(patterns.values()) or "no files at all"
            what = f"no file here that the source takes: it takes {expected}"
            raise SourceError(source.name, "files", None, str(path), what, "Rename the file or name another source.")
        for name, file in found:
            matched.setdefault(name, []).append(file)
    return matched


def read_csv(config: Files, path: Path) -> Generator[Page]:
    """The records of a CSV file with a header, as text; an empty field is null.

    A line that is no record is kept as unreadable and the lines after it are read on, also after a quote that nobody
    closed: reasons ``wrong_column_count``, ``bad_quotes``, ``cut_off_line``, ``record_too_large``, ``not_utf8`` (or
    the file's own encoding).

    :raises ReadFailedError: when the file cannot be opened, is empty, or its header lacks columns or repeats one.
    """
    csv.field_size_limit(LARGEST_FIELD)
    try:
        with path.open("rb") as file:
            lines = _lines(config, file)
            header = _header(config, path, lines)
            if place := _first_record(config, file, lines):
                place = yield from read_plain(file, place, header, config.delimiter, path.name)
                if place is None:
                    return
                lines.file.detach()
                lines = _lines(config, file, place)
            yield from _read(config, path, lines, header)
    except OSError as error:
        raise ReadFailedError(str(path), f"cannot be read: {error.strerror}", "Check the file's rights.") from None
    except UnicodeError:
        raise ReadFailedError(str(path), f"is not {config.encoding}", "Set encoding: in the source's YAML.") from None


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


def _lines(config: Files, file: BinaryIO, place: Place = TOP) -> _Lines:
    file.seek(place.offset)
    # surrogateescape: a byte that is not of the encoding spoils its own line, not the whole file
    return _Lines(TextIOWrapper(file, config.encoding, "surrogateescape", newline=""), number=place.line)


def _first_record(config: Files, file: BinaryIO, lines: _Lines) -> Place | None:
    """Where the records start, after a header of one line; None where only the careful reader can tell."""
    if lines.number != 2 or codecs.lookup(config.encoding).name not in ("utf-8", "utf-8-sig"):
        return None
    position = file.tell()
    file.seek(0)
    line = file.readline(LARGEST_LINE)
    file.seek(position)
    return Place(len(line), 2) if line.endswith(b"\n") and b"\r" not in line.removesuffix(b"\r\n") else None


def _read(config: Files, path: Path, lines: _Lines, header: list[str]) -> Iterator[Page]:
    """The records from where the lines are, one by one."""
    reader, page, ended = _reader(config, lines), _empty_page(path, lines), False
    while not ended:
        full = len(page.rows) + len(page.unreadable) >= ROWS_A_PAGE
        try:
            if not full:
                ended = _fill(page, reader, lines, header, path.name)
                full = True
        except csv.Error:
            page.unreadable.append(_unreadable_first_line(lines, f"{path.name}:{lines.number}"))
            reader = _reader(config, lines)
        except TypeError:  # orjson met a surrogate: a byte that is not of the file's encoding
            page.rows.pop()
            text, where = "".join(lines.record), f"{path.name}:{lines.number}"
            page.unreadable.append(unreadable(text, f"not_{config.encoding.replace('-', '')}", where))
            lines.done()
        if full:
            if page.rows or page.unreadable:
                yield page
            page = _empty_page(path, lines)


def _fill(page: Page, reader: Iterator[list[str]], lines: _Lines, header: list[str], name: str) -> bool:
    """Read until the page is full; true at the end of the file. The inner loop of every load from files."""
    width, rows, texts, dumps, size = len(header), page.rows, page.texts, orjson.dumps, 0
    for values in reader:
        if len(values) == width:
            row = dict(zip(header, [value or None for value in values]))  # noqa: B905 (just checked; strict is slow)
            rows.append(row)
            text = dumps(row)
            texts.append(text)
            size += len(text)
        elif values:
            bad = unreadable("".join(lines.record), "wrong_column_count", f"{name}:{lines.number}")
            page.unreadable.append(bad)
            size += len(bad.text)
        lines.done()
        if len(rows) + len(page.unreadable) >= ROWS_A_PAGE or size > BYTES_A_PAGE:
            return False
    return True


def _empty_page(path: Path, lines: _Lines) -> Page:
    return Page([], [], [], f"{path.name}:{lines.number}")


def _reader(config: Files, lines: _Lines) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=config.delimiter, strict=True)


def _unreadable_first_line(lines: _Lines, where: str) -> Unreadable:
    too_large = sum(map(len, lines.record)) > LARGEST_FIELD
    cut_off = lines.ended
    line = lines.give_up()
    if too_large:
        return unreadable(line[:_KEPT_OF_TOO_LARGE], "record_too_large", where)
    return unreadable(line, "cut_off_line" if cut_off else "bad_quotes", where)


def _header(config: Files, path: Path, lines: _Lines) -> list[str]:
    try:
        header = next(iter(csv.reader(lines, delimiter=config.delimiter, strict=True)), None)
    except csv.Error:
        header = None
    fix = (
        "Check the file, and delimiter:, encoding: and columns: in the source's YAML. Nothing of this file was loaded."
    )
    if not header:
        raise ReadFailedError(str(path), "the file has no header line", fix)
    header = [name.removeprefix("\ufeff").strip() for name in header]
    if missing := [column for column in config.columns if column not in header]:
        found = ", ".join(header).encode("utf-8", "backslashreplace").decode()
        raise ReadFailedError(str(path), f"the header lacks {', '.join(missing)}; it has {found:.500}", fix)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise ReadFailedError(str(path), f"the header has {', '.join(twice)} more than once", fix)
    lines.done()
    return header


def _folder(config: Files, connection: SourceConnection) -> Path:
    given = str(connection.extra.get("path") or "")
    if "{connection.extra.path}" in config.path and not given:
        raise ReadFailedError(
            "files", "the connection names no folder", 'Put {"path": "/the/folder"} in its extra field.'
        )
    folder = PROJECT / config.path.replace("{connection.extra.path}", given)
    if not folder.is_dir():
        raise ReadFailedError(str(folder), "there is no such folder", "Check the path in the connection or the YAML.")
    return folder


def _is_in(path: Path, date_pattern: str, window: Window) -> bool:
    match = re.fullmatch(date_pattern, path.name)
    if not match:
        return False
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        raise ReadFailedError(str(path), f"{match[1]} in the file's name is no date", "Rename the file.") from None
    return window.first_day <= day <= window.last_day


def _wait_until_settled(path: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while 0 <= (age := time.time() - path.stat().st_mtime) < SETTLED_SECONDS:
        if time.monotonic() > deadline:
            raise ReadFailedError(str(path), "the file is still being written", "Run it again when it is whole.")
        time.sleep(SETTLED_SECONDS - age)
