"""Extracts are made: rows stream from the warehouse into Tableau's engine, and a file is there whole or not at all."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from include.extracts import hyper
from include.extracts.columns import Column, columns_of, rows_of
from include.extracts.config import Extract, chosen
from include.extracts.errors import ExtractError
from include.settings import TIMEZONE
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive

_CHUNK_BYTES = 4 * 2**20  # that are parsed at a time


@dataclass(frozen=True)
class Made:
    """An extract that was made: rows in its file, and how many of these were written now."""

    name: str
    mode: Literal["full", "incremental"]
    rows: int
    written: int
    seconds: float
    megabytes: float
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "path": str(self.path)}

    def as_text(self) -> str:
        """As one line."""
        return (
            f"{self.name:<24} {self.rows:>11,} rows  {self.written:>11,} written ({self.mode})"
            f"  {self.seconds:>6.1f} s  {self.megabytes:>8.1f} MB  {self.path}"
        )


@dataclass
class Manifest:
    """What is known of a file, and lies beside it as JSON.

    :param definition: a hash of what is extracted, and how.
    :param built: subject → when the marts of it that are in the file were built last.
    :param published: how it went to Tableau; ``days`` through which, and whether it is being appended to right now.
    """

    definition: str
    bytes: int
    rows: int
    made_at: str
    zone: str
    key: list[str]
    columns: list[dict[str, str]]
    built: dict[str, str]
    published: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path) -> "Manifest | None":
        """What is known of a file as it is; None when it is gone, or was written by someone else."""
        try:
            manifest = cls(**json.loads(file.with_suffix(".json").read_text("utf-8")))
            return manifest if file.stat().st_size == manifest.bytes else None
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, file: Path) -> None:
        """Write it beside the file, whole or not at all."""
        unfinished = file.with_name(f".{file.stem}.part.json")
        unfinished.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", "utf-8")
        unfinished.replace(file.with_suffix(".json"))


def make_extracts(
    warehouse: Warehouse,
    names: Sequence[str] = (),
    *,
    folder: Path,
    full: bool = False,
    tell: Callable[[Made], None] = lambda made: None,
) -> list[Made]:
    """Make the extracts of these names, or all; one that fails keeps none of the others.

    :param folder: where the files are; made when it is not there.
    :param full: write all rows of incremental ones, too.
    :param tell: is told of each when it is made.
    :raises ExtractError: when there is no extract of a name, no engine, or one or more could not be made.
    """
    extracts = chosen(names)
    hyper.check_engine()
    done, failed = [], []
    for name, extract in extracts.items():
        try:
            made = make(warehouse, name, extract, full=full, folder=folder)
        except ExtractError as error:
            failed.append(str(error))
        else:
            tell(made)
            done.append(made)
    if failed:
        raise ExtractError("\n".join(failed))
    return done


def make(warehouse: Warehouse, name: str, extract: Extract, *, folder: Path, full: bool = False) -> Made:
    """Make an extract, of one snapshot of the warehouse.

    An incremental one takes the days whose marts were built since its file was written out of the file, and writes them
    anew. It is written in full the first time, when what is extracted has changed, and when someone touched its file.

    :raises ExtractError: when it cannot be made; its file is as it was.
    """
    hyper.check_engine()
    started = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    file, unfinished = folder / f"{name}.hyper", folder / f".{name}.part.hyper"
    with (
        warehouse.connect(autocommit=True) as connection,
        _errors_told(name),
        exclusive(connection, "extracts"),  # two would write one file, and an erasure takes files away
        connection.transaction(),
    ):
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute("set local datestyle to iso")
        connection.execute("set client_encoding to 'UTF8'")
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        columns = columns_of(connection, extract)
        known = Manifest.of(file)
        manifest = Manifest(
            definition=_definition(extract, columns), bytes=0, rows=0,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"), zone=TIMEZONE.key, key=list(extract.keys),
            columns=[{"name": c.name, "type": str(c.arrow), "description": c.description} for c in columns],
            built=_built(connection), published=known.published if known else {},
        )  # fmt: skip
        if known and known.definition != manifest.definition and manifest.published:
            manifest.published["through"] = None  # Tableau has other columns: nothing can be appended to them
        again = known if extract.day and not full and known and known.definition == manifest.definition else None
        days = _days_built_since(connection, again.built) if again else None
        if again and not days:
            return Made(name, "incremental", again.rows, 0, time.perf_counter() - started, again.bytes / 1e6, file)
        try:
            if days is None:
                written = manifest.rows = _write_all(connection, extract, columns, unfinished)
            else:
                shutil.copy(file, unfinished)  # with its mode: the engine lets nobody else read
                written = _write_days(connection, extract, columns, unfinished, days)
                manifest.rows = hyper.count(unfinished)
            hyper.check_key(unfinished, extract.keys)
            manifest.bytes = unfinished.stat().st_size
            unfinished.replace(file)
            manifest.write(file)
        finally:
            unfinished.unlink(missing_ok=True)
    mode: Literal["full", "incremental"] = "full" if days is None else "incremental"
    return Made(name, mode, manifest.rows, written, time.perf_counter() - started, manifest.bytes / 1e6, file)


def _write_all(connection: psycopg.Connection, extract: Extract, columns: list[Column], file: Path) -> int:
    written = _stream(connection, extract, columns, file, sql.SQL("true"), add=False)
    hyper.set_key(file, extract.keys)
    return written


def _write_days(
    connection: psycopg.Connection, extract: Extract, columns: list[Column], file: Path, days: list[date]
) -> int:
    assert extract.day
    hyper.delete_days(file, extract.day, days)
    of_days = sql.SQL("{}::date = any({}::date[])").format(sql.Identifier(extract.day), sql.Literal(days))
    return _stream(connection, extract, columns, file, of_days, add=True)


def _stream(
    connection: psycopg.Connection, extract: Extract, columns: list[Column], file: Path, which: sql.Composable, *,
    add: bool,
) -> int:  # fmt: skip
    statement = sql.SQL("copy (select {} from {} where {}) to stdout (format csv)").format(
        sql.SQL(", ").join(column.read for column in columns), rows_of(extract), which
    )
    schema = pa.schema([(column.name, column.arrow) for column in columns])
    with connection.cursor().copy(statement) as copy:
        return hyper.write(file, schema, _batches(copy, schema), extract.keys, add=add)


def _batches(copy: psycopg.Copy, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows that COPY sends, each of them a message, parsed some thousands at a time."""
    for lines in _chunks(copy):
        table = csv.read_csv(
            pa.BufferReader(lines),
            # in one block: a row that lies in two cannot be read
            read_options=csv.ReadOptions(column_names=schema.names, block_size=len(lines) + 1),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
                true_values=["t"], false_values=["f"],
            ),
        )  # fmt: skip
        yield from table.to_batches()


def _chunks(copy: psycopg.Copy) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for line in copy:
        lines.append(bytes(line))
        size += len(line)
        if size > _CHUNK_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _definition(extract: Extract, columns: list[Column]) -> str:
    what = [extract.model_dump(exclude={"publish"}), [(c.name, c.type, str(c.arrow)) for c in columns], TIMEZONE.key]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _built(connection: psycopg.Connection) -> dict[str, str]:
    """Subject → when its marts were built last. Builds of a subject take turns, so later ones have a later time."""
    rows = connection.execute("select subject, max(built_at)::text from ops.mart_day group by subject order by 1")
    return dict(rows.fetchall())


def _days_built_since(connection: psycopg.Connection, built: dict[str, str]) -> list[date]:
    rows = connection.execute(
        "select distinct d.day_on from ops.mart_day as d"
        " left join jsonb_each_text(%s::jsonb) as b (subject, built_at) on d.subject = b.subject"
        " where b.built_at is null or d.built_at > b.built_at::timestamptz order by 1",
        [json.dumps(built)],
    ).fetchall()
    return [row[0] for row in rows]


@contextmanager
def _errors_told(name: str) -> Iterator[None]:
    try:
        yield
    except ExtractError as error:
        raise ExtractError(f"extract {name}: {error}. Its file is as it was.") from None
    except (psycopg.Error, pa.ArrowException, RuntimeError) as error:
        told = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        raise ExtractError(f"extract {name}: {told or str(error).splitlines()[0]}. Its file is as it was.") from error
