"""Reading Excel and OpenDocument workbooks: a sheet with a header row is a table."""

import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import Any

import orjson

from include.sources.config import Files
from include.sources.errors import BadFileError
from include.sources.files import workbook
from include.sources.files.csv_file import BYTES_A_PAGE, LARGEST_LINE, ROWS_A_PAGE
from include.sources.files.header import checked_header
from include.sources.files.unpack import Content
from include.sources.files.values import make_plain, plain_values
from include.sources.page import Page, unreadable

# A sheet is read whole, in a process of its own: a million rows of ten columns take a quarter of this.
LARGEST_MEMORY = 4 * 2**30
_LARGEST_WHOLE = 1e21  # larger ones are written as 1e+22, as a cell shows them
_CHECK = "Check the file, and sheet: in the source's YAML."


def read_excel(config: Files, file: Content) -> Generator[Page]:
    """The records of a sheet (xlsx, xlsm, xlsb, xls, ods), as text; an empty cell is null, an empty row none.

    Numbers have all the digits that the cell holds; dates and times are ISO 8601; truth is ``true`` or ``false``; a
    formula is its last value; an error is null. A cell under no name is kept as ``column 7``. Numbers and dates that
    were typed in as text are made plain as `plain_values` says; a row where they are ambiguous is unreadable.

    :raises BadFileError: ``not_excel``, ``locked_workbook``, ``no_sheet``, ``workbook_too_large``, ``no_header``,
        ``wrong_header``.
    """
    with closing(sheet_rows(file, config.sheet)) as rows:
        names = _names(config, file, rows)
        plain = plain_values(config)
        page, size = Page([], [], [], f"{file.name}:{config.header + 1}"), 0
        for number, cells in enumerate(rows, config.header + 1):
            filled = {names.get(at) or f"column {at + 1}": cell for at, cell in enumerate(cells) if cell != ""}
            if not filled:
                continue
            row: dict[str, str | None] = dict.fromkeys(names.values())
            row.update((name, _text(cell)) for name, cell in filled.items())
            text = orjson.dumps(row)
            # a cell that is a number needs no reading
            typed_in = {name: plain[name] for name in plain if isinstance(filled.get(name), str)}
            if reason := make_plain(row, typed_in):
                page.unreadable.append(unreadable(text, reason, f"{file.name}:{number}"))
            else:
                page.rows.append(row)
                page.texts.append(orjson.dumps(row) if typed_in else text)
            size += len(text)
            if len(page.rows) + len(page.unreadable) >= ROWS_A_PAGE or size > BYTES_A_PAGE:
                yield page
                page, size = Page([], [], [], f"{file.name}:{number + 1}"), 0
        if page.rows or page.unreadable:
            yield page


def sheet_names(file: Content) -> list[str]:
    """The names of a workbook's sheets, in order.

    :raises BadFileError: when it cannot be read.
    """
    with closing(_sent(file, "")) as parts:
        return next(parts)


def sheet_rows(file: Content, sheet: str | None) -> Generator[list[Any]]:
    """The rows of a sheet (None: the first), from the first row on, each as wide as the widest.

    A cell is text (dates and times too), a number, a truth value, or an empty text.

    :raises BadFileError: when it cannot be read.
    """
    with closing(_sent(file, sheet or "")) as parts:
        next(parts)
        for rows in parts:
            yield from rows


def _sent(file: Content, sheet: str) -> Generator[list[Any]]:
    """What the reading process sends: the names of the sheets, then rows, some hundred at once."""
    with file.on_disk() as path, tempfile.TemporaryFile() as log:
        command = [sys.executable, "-I", workbook.__file__, str(path), sheet, str(LARGEST_MEMORY)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout
        try:
            while (line := process.stdout.readline(LARGEST_LINE + 1)).endswith(b"\n"):
                part = orjson.loads(line)
                if part == "end":
                    return
                if isinstance(part, dict):
                    raise BadFileError(file.location, part["reason"], part["what"], _CHECK)
                yield part
        finally:
            process.kill()
            process.communicate()
    what = f"is damaged, or its sheet takes over {LARGEST_MEMORY // 2**30} GB of memory"
    raise BadFileError(file.location, "workbook_too_large", what, "Send it as CSV, or in smaller sheets.")


def _names(config: Files, file: Content, rows: Generator[list[Any]]) -> dict[int, str]:
    """Position → name of the columns that have one."""
    if not config.header:
        return dict(enumerate(config.columns))
    above = list(islice(rows, config.header))
    cells = above[-1] if len(above) == config.header else []
    named = {at: str(_text(cell)).strip() for at, cell in enumerate(cells) if cell != ""}
    named = {at: name for at, name in named.items() if name}
    return dict(zip(named, checked_header(config, list(named.values()), file.location), strict=True))


def _text(cell: Any) -> str | None:
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if cell is None:  # what is no number at all
        return None
    return str(int(cell)) if cell == int(cell) and abs(cell) < _LARGEST_WHOLE else repr(cell)
