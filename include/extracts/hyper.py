"""Tableau's engine: what is done in a .hyper file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.extracts.errors import ExtractError, NoEngineError

try:
    import pantab
except ImportError:
    pantab = None

TABLE = ("Extract", "Extract")  # where Tableau's own extracts have their rows
NAME = '"Extract"."Extract"'


def check_engine() -> None:
    """See whether there is an engine.

    :raises NoEngineError: when there is none.
    """
    if pantab is None:
        raise NoEngineError


def write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], keys: Sequence[str], *, add: bool) -> int:
    """Write rows to a file, which is made anew unless they are added; returns how many.

    :raises ExtractError: when a key is null.
    """
    failure: list[BaseException] = []
    rows = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            for batch in batches:
                for name in keys:  # the engine would end the process
                    if batch.column(name).null_count:
                        raise ExtractError(f"{name} is part of the key, and null in a row")
                rows += batch.num_rows
                yield batch
        except BaseException as error:  # the engine takes an error for the end of the rows
            failure.append(error)

    pantab.frame_to_hyper(
        pa.RecordBatchReader.from_batches(schema, counted()), path, table=TABLE, table_mode="a" if add else "w",
        not_null_columns=set(keys), atomic=False,
    )  # fmt: skip
    if failure:
        raise failure[0]
    return rows


def set_key(path: Path, keys: Sequence[str]) -> None:
    """Tell the engine what tells a row."""
    run(path, f"alter table {NAME} add assumed primary key ({', '.join(map(quoted, keys))})")


def check_key(path: Path, keys: Sequence[str]) -> None:
    """See that each key is there once: the engine takes that for granted.

    :raises ExtractError: when one is there twice.
    """
    # as texts: of the columns themselves it would take it for granted here, too
    texts = ", ".join(f"'' || cast({quoted(key)} as text) as k{n}" for n, key in enumerate(keys))
    each = ", ".join(f"k{n}" for n in range(len(keys)))
    found = run(path, f"select {each} from (select {texts} from {NAME}) group by {each} having count(*) > 1 limit 1")  # noqa: S608
    if found:
        # values may be persons', and this goes into logs
        raise ExtractError(f"a key ({', '.join(keys)}) is there twice")


def count(path: Path) -> int:
    """How many rows a file has."""
    return run(path, f"select count(*) as rows from {NAME}")[0]["rows"]  # noqa: S608 (this module's own word)


def delete_days(path: Path, column: str, days: Sequence[date]) -> None:
    """Delete the rows of business days."""
    told = ", ".join(f"date '{day.isoformat()}'" for day in days)
    run(path, f"delete from {NAME} where cast({quoted(column)} as date) in ({told})")  # noqa: S608 (dates)


def last_day(path: Path, column: str) -> date | None:
    """The last business day of a file."""
    return run(path, f"select cast(max({quoted(column)}) as date) as day from {NAME}")[0]["day"]  # noqa: S608


def copy_later(path: Path, column: str, after: date, to: Path) -> int:
    """Write the rows of later business days to a file of their own; returns how many."""
    later = f"select * from {NAME} where cast({quoted(column)} as date) > date '{after.isoformat()}'"  # noqa: S608
    table = pantab.frame_from_hyper_query(path, later, return_type="pyarrow")
    return write(to, table.schema, table.to_batches(), (), add=False)


def run(path: Path, statement: str) -> list[dict[str, Any]]:
    """Run a statement in a file; returns the rows."""
    return pantab.frame_from_hyper_query(path, statement, return_type="pyarrow").to_pylist()


def quoted(name: str) -> str:
    """A name as the engine's SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
