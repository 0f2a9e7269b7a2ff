"""Reading JSON lines: a record a line, each kept exactly as it came."""

from collections.abc import Generator, Iterator
from io import TextIOWrapper

import orjson

from include.sources.config import Files
from include.sources.files.csv_file import BYTES_A_PAGE, LARGEST_LINE, ROWS_A_PAGE
from include.sources.files.header import not_encoded
from include.sources.files.unpack import Content, mark_length
from include.sources.page import Page, unreadable
from include.sources.records import parse_record

_PIECE = 2**20
_KEPT_OF_TOO_LARGE = 1_000


def read_json_lines(config: Files, file: Content) -> Generator[Page]:
    """The records of a file with a JSON object a line; blank lines are none.

    A line that is no record is kept as unreadable and the lines after it are read on: reasons ``not_json``,
    ``not_an_object``, ``not_utf8``, ``cut_off_line``, ``record_too_large``.

    :raises BadFileError: when the file cannot be decoded at all (``not_utf16``).
    """
    page, size = Page([], [], [], f"{file.name}:1"), 0
    for number, line, is_whole in _lines(config, file):
        where = f"{file.name}:{number}"
        if is_whole:
            row, reason = _parsed(line)
            if row is None and reason == "not_json" and not line.endswith(b"\n"):
                reason = "cut_off_line"
        else:
            row, reason = None, "record_too_large"
        if row is None:
            page.unreadable.append(unreadable(line, reason, where))
        else:
            page.rows.append(row)
            page.texts.append(line.strip())
        size += len(line)
        if len(page.rows) + len(page.unreadable) >= ROWS_A_PAGE or size > BYTES_A_PAGE:
            yield page
            page, size = Page([], [], [], f"{file.name}:{number + 1}"), 0
    if page.rows or page.unreadable:
        yield page


def _parsed(line: bytes) -> tuple[dict | None, str]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_record(line)
    return (row, "") if isinstance(row, dict) else (None, "not_an_object")


def _lines(config: Files, file: Content) -> Iterator[tuple[int, bytes, bool]]:
    """Number, text as UTF-8 and whether it is all of it, of every line that has something on it."""
    number = 0
    try:
        with file.open() as stream:
            stream.seek(mark_length(stream, config.encoding))
            text = TextIOWrapper(stream, config.encoding, "surrogateescape", newline="\n")
            while line := text.readline(LARGEST_LINE + 1):
                number += 1
                is_whole = len(line) <= LARGEST_LINE
                if not is_whole:
                    piece = line
                    while not piece.endswith("\n") and (piece := text.readline(_PIECE)):
                        pass
                    line = line[:_KEPT_OF_TOO_LARGE]
                if line.strip():
                    yield number, line.encode("utf-8", "surrogateescape"), is_whole
    except UnicodeError:
        raise not_encoded(config, file.location) from None
