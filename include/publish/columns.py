"""What is published, as it lies in the warehouse."""

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from include.publish.config import Publication

# PostgreSQL's own types, which every server of it has
_COLUMNS = """
    select
        a.attname,
        case when is_own then format_type(b.oid, a.atttypmod) else 'text' end,
        b.typcategory = 'A'
    from pg_attribute as a
    inner join pg_type as t on a.atttypid = t.oid
    inner join pg_type as b on b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
    cross join lateral (
        select b.typnamespace = 'pg_catalog'::regnamespace and b.typtype in ('b', 'r', 'm') and b.typcategory <> 'X'
    ) as o (is_own)
    where a.attrelid = 'pg_temp.publication'::regclass and a.attnum > 0
    order by a.attnum
"""


@dataclass(frozen=True)
class Column:
    """A column that is published; ``type`` is PostgreSQL's name of its type, text for types that someone made."""

    name: str
    type: str
    is_array: bool
    is_key: bool

    @property
    def name_of_type(self) -> str:
        """``timestamp with time zone`` of ``timestamp(3) with time zone``."""
        return re.sub(r"\(.*?\)", "", self.type)

    @property
    def sizes(self) -> list[int]:
        """``[10, 2]`` of ``numeric(10,2)``."""
        return [int(size) for size in re.findall(r"-?\d+", self.type)]


def view(connection: psycopg.Connection, publication: Publication) -> list[Column]:
    """Make the view ``publication`` of what is published, for this session; returns its columns.

    :raises psycopg.Error: when the query does not run.
    """
    if publication.table:
        name = sql.Identifier(*publication.table.split("."))
        connection.execute(sql.SQL("create temp view publication as select * from {}").format(name))
    else:
        # the project's own file, not input
        connection.execute(b"create temp view publication as " + (publication.query or "").encode())
    return [
        Column(name, type_, is_array, name in publication.keys)
        for name, type_, is_array in connection.execute(_COLUMNS)
    ]
