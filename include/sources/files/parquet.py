"""Reading Parquet files: batch by batch, values as JSON knows them."""

import math
from collections.abc import Generator, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from pyarrow import types

from include.sources.config import Files
from include.sources.errors import BadFileError
from include.sources.files.csv_file import BYTES_A_PAGE, ROWS_A_PAGE
from include.sources.files.header import checked_header
from include.sources.files.unpack import Content
from include.sources.page import Page, unreadable

# PostgreSQL's names for what JSON has no number for
_ENDLESS = {math.inf: "Infinity", -math.inf: "-Infinity"}


class _NotText:
    """A text that is not UTF-8, its strange bytes written as ``\\xff``; no value that JSON knows."""

    def __init__(self, shown: str) -> None:
        self.shown = shown


def read_parquet(config: Files, file: Content) -> Generator[Page]:
    """The records of a Parquet file.

    Texts, whole numbers, floats and truth stay what they are; lists, structs and maps become lists and objects. As text
    go: decimals with all their digits; dates, times and durations in ISO 8601, instants in UTC, times without a zone
    without one; NaN and infinities; and bytes, as UTF-8 or, when they are none, as ``\\x`` and hexadecimal digits.

    A row with a text that is not UTF-8 is unreadable, ``not_utf8``.

    :raises BadFileError: ``not_parquet``, ``wrong_header``; ``corrupt_parquet``, also after some pages.
    """
    with file.on_disk() as path, _opened(file, path) as parquet:
        checked_header(config, parquet.schema_arrow.names, file.location)
        number = 1
        for batch in _batches(parquet, file):
            yield _page(batch, file, number)
            number += batch.num_rows


def column_names(file: Content) -> list[str]:
    """The names of a file's columns, in order.

    :raises BadFileError: ``not_parquet``.
    """
    with file.on_disk() as path, _opened(file, path) as parquet:
        return parquet.schema_arrow.names


def _opened(file: Content, path: Path) -> pyarrow.parquet.ParquetFile:
    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise _bad(file, "not_parquet", "is no Parquet file, or its end is missing", error) from None


def _batches(parquet: pyarrow.parquet.ParquetFile, file: Content) -> Iterator[pyarrow.RecordBatch]:
    try:
        for batch in parquet.iter_batches(batch_size=ROWS_A_PAGE):
            pieces = min(batch.num_rows, -(-batch.nbytes // BYTES_A_PAGE)) or 1
            size = -(-batch.num_rows // pieces) or 1
            for start in range(0, batch.num_rows, size):
                yield batch.slice(start, size)
    except (pyarrow.ArrowException, OSError) as error:
        raise _bad(file, "corrupt_parquet", "is damaged", error) from None


def _bad(file: Content, reason: str, what: str, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno:
        return error  # the machine's trouble, not the file's
    return BadFileError(file.location, reason, f"{what}: {str(error).splitlines()[0]:.200}", "Send the file again.")


def _page(batch: pyarrow.RecordBatch, file: Content, number: int) -> Page:
    page = Page([], [], [], f"{file.name}, row {number}")
    columns = [_values(column) for column in batch.columns]
    names = batch.schema.names
    for at, values in enumerate(zip(*columns, strict=True), number):
        row = dict(zip(names, values, strict=True))
        try:
            text = orjson.dumps(row)
        except TypeError:  # there is a _NotText among the values
            shown = orjson.dumps(row, default=lambda value: value.shown)
            page.unreadable.append(unreadable(shown, "not_utf8", f"{file.name}, row {at}"))
        else:
            page.rows.append(row)
            page.texts.append(text)
    return page


def _values(column: pyarrow.Array) -> list[Any]:
    """The values of a column as JSON knows them, a `_NotText` among them where a text is none."""
    kind = column.type
    if types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if types.is_timestamp(kind):
        # as text by Arrow: Python's times know no nanoseconds and no year 10000
        in_utc = column.cast(pyarrow.timestamp(kind.unit, "UTC")) if kind.tz else column
        texts = in_utc.cast(pyarrow.string()).to_pylist()
        # what Arrow cannot write either is "<value out of range: …>", and no time to PostgreSQL
        return [text if text is None or text[0] == "<" else text.replace(" ", "T", 1) for text in texts]
    if types.is_date(kind) or types.is_time(kind) or types.is_decimal(kind):
        return column.cast(pyarrow.string()).to_pylist()
    if types.is_floating(kind):
        values = column.to_pylist()
        is_finite = pyarrow.compute.all(pyarrow.compute.is_finite(column)).as_py() is not False
        return values if is_finite else [_json(value) for value in values]
    if types.is_integer(kind) or types.is_boolean(kind):
        return column.to_pylist()
    if types.is_string(kind) or types.is_large_string(kind):
        try:
            return column.to_pylist()
        except UnicodeDecodeError:
            pass  # one of them is none: one by one, to find which
    return [_one(value) for value in column]


def _one(scalar: pyarrow.Scalar) -> Any:
    try:
        return _json(scalar.as_py())
    except UnicodeDecodeError as error:
        return _NotText(error.object.decode(errors="backslashreplace"))


def _json(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _ENDLESS.get(value, "NaN")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return f"\\x{value.hex()}"
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [_json(part) for part in value]
        is_map = parts and all(isinstance(part, tuple) and isinstance(part[0], str) for part in value)
        return dict(parts) if is_map and len(dict(parts)) == len(parts) else parts
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds()}S"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
