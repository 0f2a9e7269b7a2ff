"""The queries of a report: the files in sql/report, bound to the report's frame, in one transaction."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.settings import SQL

Row = dict[str, Any]


class Reader:
    """Runs queries of sql/report by name on one connection, and remembers what it ran for the manifest.

    :param connection: inside a repeatable-read transaction, so that all queries see one state of the warehouse.
    :param parameters: what every query may bind.
    """

    def __init__(self, connection: psycopg.Connection, parameters: dict[str, Any]) -> None:
        # bound by the client: PostgreSQL takes no parameters in `create temp table … as`
        self._cursor = psycopg.ClientCursor(connection, row_factory=dict_row)
        self._parameters = parameters
        self._found: dict[tuple[str, tuple[tuple[str, str], ...]], list[Row]] = {}
        self._told: dict[str, dict[str, str | int]] = {}
        self._noted: dict[str, dict[str, str | int]] = {}

    @contextmanager
    def noting(self) -> Iterator[dict[str, dict[str, str | int]]]:
        """Name → hash and rows of each query that is asked for within, whether it is run or was before."""
        self._noted = {}
        yield self._noted

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What fails within leaves no trace: neither in the transaction nor in what is remembered."""
        found, told = dict(self._found), dict(self._told)
        try:
            with self._cursor.connection.transaction():
                yield
        except BaseException:
            self._found, self._told = found, told
            raise

    def rows(self, name: str, **more: str) -> list[Row]:
        """The rows of ``sql/report/<name>.sql``; none when it makes a temporary table for the queries after it.

        Asked for again, as for another language, a query is not run again.
        """
        asked = (name, tuple(sorted(more.items())))
        if asked not in self._found:
            text = (SQL / "report" / f"{name}.sql").read_text(encoding="utf-8")
            self._cursor.execute(text.encode(), {**self._parameters, **more})
            self._told[name] = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "rows": self._cursor.rowcount}
            # several statements: the last one says what they gave
            self._found[asked] = self._cursor.fetchall() if self._cursor.description else []
        self._noted[name] = self._told[name]
        return list(self._found[asked])
