"""What is extracted, as it lies in the warehouse and as Tableau has it."""

import re
from collections import Counter
from dataclasses import dataclass

import psycopg
import pyarrow as pa
from psycopg import sql

from include.extracts.config import Extract
from include.extracts.errors import ExtractError

DIGITS_IN_64_BITS = 18

# The days that Tableau and Arrow both have; another one, infinity among them, is told as null.
FIRST_DAY, LAST_TIME = "0001-01-01", "9999-12-31 23:59:59.999999"

_AS_IT_IS: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
}


@dataclass(frozen=True)
class Column:
    """A column of an extract: PostgreSQL's name of its type, the type there, and what its comment says."""

    name: str
    type: str
    arrow: pa.DataType
    description: str

    @property
    def read(self) -> sql.Composed:
        """How it is read for CSV.

        Instants become the business time zone's clock, as days of the marts are days in it. What is no number would
        spoil every sum of Tableau's and is null.
        """
        if pa.types.is_floating(self.arrow):
            form = "case when {0}::float8 > '-Infinity' and {0}::float8 < 'Infinity' then {0}::float8 end"
        elif pa.types.is_decimal(self.arrow):
            form = "nullif({0}, 'NaN')"
        elif pa.types.is_date(self.arrow) or pa.types.is_timestamp(self.arrow):
            form = f"case when {{0}}::timestamp between '{FIRST_DAY}' and '{LAST_TIME}' then {{0}}::{{1}} end"
        elif self.type.endswith("[]"):
            form = "array_to_string({0}, ', ')"
        elif pa.types.is_string(self.arrow):
            form = "{0}::text"
        else:
            form = "{0}"
        kind = sql.SQL("date" if pa.types.is_date(self.arrow) else "timestamp")
        return sql.SQL(form + " as {0}").format(sql.Identifier(self.name), kind)


def arrow_type(name: str) -> pa.DataType:
    """The type in Tableau of a column of PostgreSQL's type ``numeric(14,2)``.

    A number of a fixed scale stays exact while it fits into 64 bits, which every version of Tableau reads. One without
    a scale becomes a double, as Tableau itself makes of it. What Tableau has no type for is text.
    """
    base = re.sub(r"\(.*?\)", "", name)
    if base == "numeric":
        digits, scale, *_ = [int(size) for size in re.findall(r"-?\d+", name)] or (0, 0)
        fits = 0 < digits <= DIGITS_IN_64_BITS and 0 <= scale <= digits
        return pa.decimal128(digits, scale) if fits else pa.float64()
    if base in ("real", "double precision"):
        return pa.float64()
    if base == "date":
        return pa.date32()
    if base in ("timestamp without time zone", "timestamp with time zone"):
        return pa.timestamp("us")
    return _AS_IT_IS.get(base, pa.string())


def rows_of(extract: Extract) -> sql.Composable:
    """What is extracted, as it stands after ``from``."""
    if extract.table:
        return sql.SQL("{} as extract").format(sql.Identifier(*extract.table.split(".")))
    return sql.SQL(f"({extract.query}\n) as extract")  # the project's own file, not input


def columns_of(connection: psycopg.Connection, extract: Extract) -> list[Column]:
    """Every column of what is extracted, in order.

    :raises ExtractError: when two have one name, or the key's or the day's is not there.
    :raises psycopg.Error: when the query does not run.
    """
    cursor = connection.execute(sql.SQL("select * from {} limit 0").format(rows_of(extract)))
    result = cursor.pgresult
    assert cursor.description and result
    told = connection.execute(
        "select format_type(c.type::oid, c.modifier), coalesce(col_description(c.table_oid::oid, c.place), '')"
        " from unnest(%s::bigint[], %s::integer[], %s::bigint[], %s::integer[])"
        " with ordinality as c (type, modifier, table_oid, place, n) order by c.n",
        [
            [result.ftype(n) for n in range(result.nfields)],
            [result.fmod(n) for n in range(result.nfields)],
            [result.ftable(n) for n in range(result.nfields)],
            [result.ftablecol(n) for n in range(result.nfields)],
        ],
    ).fetchall()
    columns = [
        Column(column.name, type_, arrow_type(type_), description)
        for column, (type_, description) in zip(cursor.description, told, strict=True)
    ]
    _check(extract, columns)
    return columns


def _check(extract: Extract, columns: list[Column]) -> None:
    names = Counter(column.name for column in columns)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ExtractError(f"two columns have the name {twice[0]}")
    for what, wanted in (("key", extract.keys), ("day", (extract.day,) if extract.day else ())):
        if missing := [name for name in wanted if name not in names]:
            raise ExtractError(f"{what}: {missing[0]} is no column of it; there are {', '.join(names)}")
    for column in columns:
        if column.name == extract.day and not (pa.types.is_date(column.arrow) or pa.types.is_timestamp(column.arrow)):
            raise ExtractError(f"day: {column.name} is neither a date nor a time, but {column.type}")
