"""Finding out how a file is written: what a person pastes into the YAML, and what that person has to look at."""

import codecs
import csv
import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import charset_normalizer
import duckdb

from include.sources.config import Files
from include.sources.errors import BadFileError, ReadFailedError
from include.sources.files import read_file
from include.sources.files.excel import sheet_names, sheet_rows
from include.sources.files.parquet import column_names
from include.sources.files.unpack import Content, contents
from include.sources.files.values import ISO, Plain, day, number, number_pattern
from include.sources.records import parse_record
from include.sources.yaml_lines import Line, as_yaml

SAMPLE_BYTES = 4 * 2**20
SAMPLE_ROWS = 20_000
ENCODING_BYTES = 2**18
_PAGES_TRIED = 4
_ENCODINGS_SHOWN = 4

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2}|(?:19|20)\d{6})(?!\d)")
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

# the common ones first: of two that fit a sample alike, the first is taken and the other is told
_NUMBERS = ((",", None), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"), (",", "'"))
_DAYS = (
    *("%Y.%m.%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y"),
    *("%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S", ", %H:%M", " %I:%M %p", " %I:%M:%S %p")
_DATE_FORMS = tuple(day + time for day in _DAYS for time in _TIMES)

# one broken line makes the strict one see no columns at all
_SNIFF = (
    "select Delimiter, Quote, Escape, SkipRows from sniff_csv(?)",
    "select Delimiter, Quote, Escape, SkipRows from sniff_csv(?, ignore_errors = true)",
)


@dataclass(frozen=True)
class Detected:
    """How a file is written.

    :param files: what was found, checked by reading the file's beginning with it.
    :param notes: what could also be, and what does not fit: for a person to look at.
    """

    files: Files
    notes: tuple[str, ...]

    def as_yaml(self) -> str:
        """The ``files:`` block of an entity, the notes as comments above it."""
        return as_yaml((*(Line("", comment=note) for note in self.notes), self.block)).rstrip()

    @property
    def block(self) -> Line:
        """The ``files:`` block of an entity."""
        given = self.files.model_dump(mode="json", exclude_unset=True)
        return Line("files", inner=tuple(Line(key, value) for key, value in given.items()))


def detect(path: Path, sheet: str | None = None) -> Detected:
    """How a file is written: format, packing, encoding, delimiter, quotes, header, columns, numbers and dates.

    :param sheet: of a workbook; None takes the first.
    :raises ReadFailedError: when it cannot be read, or is of no format that there is a reader for.
    """
    try:
        named, notes = _named(path.name)
        any_member = Files(pattern="*", format="jsonl")
        with contents(any_member, path, path.name, str(path)) as tables:
            table = tables[0]
            if len(tables) > 1 or path.suffix.lower() == ".zip":
                named["members"] = f"*{Path(table.name).suffix}" if Path(table.name).suffix else "*"
            found, more = _look(table, sheet)
            files = Files(**named, **found)
            return Detected(files, (*notes, *more, *_tried(files, table)))
    except OSError as error:
        raise ReadFailedError(str(path), f"cannot be read: {error.strerror}", "Check the path.") from None


def _named(name: str) -> tuple[dict[str, Any], list[str]]:
    found = _DATE_IN_NAME.search(name)
    if not found:
        return {"pattern": name}, [f"pattern: {name} is this one file: put * where names differ"]
    before, after = name[: found.start()], name[found.end() :]
    digits = r"\d{4}-\d{2}-\d{2}" if "-" in found[0] else r"\d{8}"
    day = re.escape(before).replace(r"\-", "-") + f"({digits})" + re.escape(after).replace(r"\-", "-")
    return {"pattern": f"{before}*{after}", "date_pattern": day}, []


def _look(table: Content, sheet: str | None) -> tuple[dict[str, Any], list[str]]:
    with table.open() as stream:
        sample = stream.read(SAMPLE_BYTES)
    if sample.startswith(b"PAR1"):
        return {"format": "parquet", "columns": column_names(table)}, []
    if sample.startswith(_EXCEL):
        return _look_at_sheets(table, sheet)
    encoding, notes = _encoding(sample)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample).removeprefix("\ufeff")
    first = text.lstrip().partition("\n")[0]
    if re.match(r"\[\s*(\{|$)", first):
        raise ReadFailedError(table.location, "is one JSON array", "Have it written a record a line.")
    if first.startswith("{") and parse_record(first.encode())[0] is not None:
        return {"format": "jsonl", **({} if encoding == "utf-8" else {"encoding": encoding})}, notes
    return _look_at_lines(table, text, encoding, notes)


def _look_at_sheets(table: Content, sheet: str | None) -> tuple[dict[str, Any], list[str]]:
    names = sheet_names(table)
    notes = [f"sheets: {', '.join(names)}"] if len(names) > 1 else []
    with closing(sheet_rows(table, sheet)) as sheet_of_it:
        rows = list(islice(sheet_of_it, SAMPLE_ROWS))
    header = next((n for n, row in enumerate(rows) if _is_header(row)), None)
    if header is None:
        what = "no row of the sheet looks like a header"
        raise BadFileError(table.location, "no_header", what, "Name another sheet.")
    columns = {
        str(name).strip(): [row[at] for row in rows[header + 1 :] if isinstance(row[at], str)]
        for at, name in enumerate(rows[header])
        if name != ""
    }
    found: dict[str, Any] = {"format": "excel"}
    if sheet or len(names) > 1:
        found["sheet"] = sheet or names[0]
    return found | _table(header + 1, columns, notes), notes


def _is_header(row: Sequence[Any]) -> bool:
    filled = [cell for cell in row if cell != ""]
    return len(filled) > len(row) / 2 and all(isinstance(cell, str) and not _is_value(cell) for cell in filled)


def _is_value(cell: str) -> bool:
    return bool(_PLAIN.fullmatch(cell) or ISO.fullmatch(cell)) or not cell.strip()


def _look_at_lines(table: Content, text: str, encoding: str, notes: list[str]) -> tuple[dict[str, Any], list[str]]:
    dialect, skipped = _dialect(table, text)
    lines = io.StringIO(text, newline="")
    for _ in range(skipped):
        lines.readline()
    rows = [row for row in islice(_split(lines, **dialect), SAMPLE_ROWS) if row]
    has_header = not any(map(_is_value, filter(None, rows[0]))) and len(set(rows[0])) == len(rows[0])
    names = [name.strip() for name in rows[0]] if has_header else [f"column_{n}" for n in range(1, len(rows[0]) + 1)]
    if not has_header:
        notes.append("columns: the first line holds values, so there is no header: name the columns in their order")
    if len(names) == 1:
        notes.append("delimiter: only one column was found")
    body = [row for row in rows[int(has_header) :] if len(row) == len(names)]
    columns = {name: [row[at] for row in body] for at, name in enumerate(names) if name}
    header = skipped + 1 if has_header else 0
    return {"encoding": encoding, **dialect, **_table(header, columns, notes, dialect["delimiter"])}, notes


def _split(lines: io.StringIO, delimiter: str, quote: str | None, escape: str | None = None) -> Iterator[list[str]]:
    if len(delimiter) > 1:
        return (line.rstrip("\r\n").split(delimiter) for line in lines)
    csv.field_size_limit(SAMPLE_BYTES)
    return csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote,
        escapechar=escape,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )


def _dialect(table: Content, text: str) -> tuple[dict[str, Any], int]:
    """Delimiter, quote and escape, and the number of lines above the table, as DuckDB finds them."""
    whole = text[: text.rfind("\n") + 1] or text
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="", errors="replace") as copy:
        copy.write(whole)
        copy.flush()
        row = _sniffed(copy.name, whole.splitlines())
    if not row or not row[0] or not whole.strip():
        what = "looks like no table: neither delimiter nor quotes can be told"
        raise ReadFailedError(table.location, what, "Write delimiter:, quote: and columns: by hand.")
    delimiter, quote, escape, skipped = row
    quote = None if quote in ("", "(empty)", "\0") else quote
    lines = [line for line in whole.splitlines()[skipped:SAMPLE_ROWS] if delimiter in line]
    if lines and all(line.count(delimiter) == 2 * line.count(2 * delimiter) for line in lines):
        return {"delimiter": 2 * delimiter, "quote": None}, skipped
    dialect = {"delimiter": delimiter, "quote": quote}
    if quote is None and '"' not in whole:
        dialect["quote"] = '"'  # none in the sample; where one comes, it is this
    if escape == "\\":
        dialect["escape"] = escape
    return dialect, skipped


def _sniffed(path: str, lines: list[str]) -> tuple | None:
    offline: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    row = None
    with duckdb.connect(config=offline) as connection:
        for statement in _SNIFF:
            try:
                row = connection.execute(statement, [path]).fetchone() or row
            except duckdb.Error:
                continue
            if row and row[0] and any(row[0] in line for line in lines[row[3] : row[3] + 1]):
                break
    return row


def _table(header: int, columns: dict[str, list[str]], notes: list[str], delimiter: str = "") -> dict[str, Any]:
    # n/a and the like say nothing of how the others are written
    values = {name: [text.strip() for text in texts if any(map(str.isdigit, text))] for name, texts in columns.items()}
    found: dict[str, Any] = {} if header == 1 else {"header": header}
    return found | _numbers(values, notes, delimiter) | _dates(values, notes) | {"columns": list(columns)}


def _numbers(columns: dict[str, list[str]], notes: list[str], delimiter: str) -> dict[str, Any]:
    """Decimal and thousands sign of a file, and its columns whose numbers are not plain already."""
    odd = {name: values for name, values in columns.items() if not all(map(_PLAIN.fullmatch, values))}
    # a sign that parts the columns seldom stands in a number, too
    forms = sorted(_NUMBERS, key=lambda form: form[0] == delimiter)
    fitting = {form: [name for name, values in odd.items() if _fits(form, values)] for form in forms}
    best = max(fitting, key=lambda form: len(fitting[form]))
    if not fitting[best]:
        return {}
    values = [value for name in fitting[best] for value in odd[name]]
    alike = {form: number(*form) for form, names in fitting.items() if names == fitting[best]}
    said = {f"decimal: {d!r}, thousands: {repr(t) if t else 'null'}": read for (d, t), read in alike.items()}
    notes += _other_readings(values, said)
    plain = alike[best]
    names = [name for name, values in columns.items() if _fits(best, values) and [*map(plain, values)] != values]
    return {"decimal": best[0], **({"thousands": best[1]} if best[1] else {}), "numbers": names}


def _fits(form: tuple[str, str | None], values: list[str]) -> bool:
    pattern = number_pattern(*form)
    # telephone numbers are in groups of three, too
    is_enough = form[1] != " " or any(form[0] in value for value in values)
    return bool(values) and is_enough and all(map(pattern.fullmatch, values))


def _dates(columns: dict[str, list[str]], notes: list[str]) -> dict[str, Any]:
    """How the days of a column are written, of columns where it is not ISO 8601."""
    dates = {}
    for name, values in columns.items():
        if not values or all(map(ISO.fullmatch, values)) or all(map(_PLAIN.fullmatch, values)):
            continue
        fitting = {form: day(form) for form in _DATE_FORMS if all(_is_day(value, form) for value in values)}
        if fitting:
            dates[name] = next(iter(fitting))
            notes += _other_readings(values, {f"dates: {{{name}: {form!r}}}": read for form, read in fitting.items()})
    return {"dates": dates} if dates else {}


def _is_day(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def _other_readings(values: list[str], readings: dict[str, Plain]) -> list[str]:
    """A note for the first of the other readings that reads some value in another way than the first one."""
    (_, first), *others = readings.items()
    for said, read in others:
        for value in values:
            if first(value) != read(value):
                return [f"{value!r} is read as {first(value)}; if it is {read(value)}, say {said}"]
    return []


def _encoding(sample: bytes) -> tuple[str, list[str]]:
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding, []
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[start::2].count(0) > len(sample) / 5:  # every other byte of Western text
            return encoding, []
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # a character may be cut off at the sample's end
        return "utf-8", []
    except UnicodeDecodeError:
        pass
    beginning = sample[:ENCODING_BYTES]
    matches = list(charset_normalizer.from_bytes(beginning))
    # of names for the same text the first stands for all: the most common one, where it is among them
    texts: dict[str, str] = {}
    for name in ("cp1252", *(name for match in matches for name in (match.encoding, *match.could_be_from_charset))):
        texts.setdefault(beginning.decode(name, "replace"), name)
    best = matches[0].encoding if matches else "cp1252"
    chosen = texts[beginning.decode(best, "replace")]
    line = next(line for line in beginning.splitlines() if not line.isascii())
    others = [name for name in texts.values() if name != chosen][: _ENCODINGS_SHOWN - 1]
    notes = [f"encoding: {name} would give {line.decode(name, 'replace')[:60]!r}" for name in others]
    return chosen, [f"encoding: a guess: {chosen} gives {line.decode(chosen, 'replace')[:60]!r}", *notes]


def _tried(files: Files, table: Content) -> list[str]:
    """What reading the beginning of the file as was found leaves unreadable."""
    reasons: Counter[str] = Counter()
    read = 0
    try:
        with closing(read_file(files, table)) as pages:
            for page in islice(pages, _PAGES_TRIED):
                read += len(page.rows) + len(page.unreadable)
                reasons.update(bad.reason for bad in page.unreadable)
    except BadFileError as error:
        return [f"it cannot be read like this: {error.what}"]
    return [f"of the first {read:,} records {count:,} cannot be read: {reason}" for reason, count in reasons.items()]
