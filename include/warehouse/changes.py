"""What is read whole every time: a record that is as it was is no new version, in whatever order the windows come.

What is left out is not lost: the newest row at or before a read tells what the read saw. So the reads that landed and
the rows that were kept are together all that was ever given. When a window comes late, a record that it changes may be
one that the next read after it had left out: that read's version is then written, as a small load of that read's own
window.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from include.warehouse.tables import EntityTables
from include.window import Window


def leave_out_unchanged(
    connection: psycopg.Connection, tables: EntityTables, landing: sql.Identifier, window: Window
) -> None:
    """Take the records out of a load's table that are as raw has them at the window's time.

    :param connection: in the transaction of the load, with raw's lock.
    """
    at = window.last_day_start
    connection.execute(
        sql.SQL(
            "create temp table seen_before on commit drop as"
            " select distinct on (source_id) source_id, version_at, payload_hash, is_gone from {}"
            " where version_at <= %s order by source_id desc, version_at desc, payload_hash desc"
        ).format(tables.raw),
        [at],
    )
    later = _next_read(connection, tables, at)
    if later:
        _write_what_it_left_out(connection, tables, landing, later)
    connection.execute(
        sql.SQL(
            "delete from {} as l using seen_before as b"
            " where l.source_id = b.source_id and l.payload_hash = b.payload_hash and not b.is_gone"
        ).format(landing)
    )


def _next_read(connection: psycopg.Connection, tables: EntityTables, at: datetime) -> Window | None:
    """The window of the first read at or after a time that has landed: in order, there is none."""
    rows = connection.execute(
        "select window_start, window_end from ops.load where source = %s and entity = %s and kind = 'pull'"
        " and landed_at is not null and window_end > %s",
        [tables.source, tables.entity, at],
    ).fetchall()
    windows = [window for row in rows if (window := Window(*row)).last_day_start >= at]
    return min(windows, key=lambda window: window.last_day_start, default=None)


def _write_what_it_left_out(
    connection: psycopg.Connection, tables: EntityTables, landing: sql.Identifier, later: Window
) -> None:
    at = later.last_day_start
    connection.execute(
        sql.SQL(
            "create temp table left_out on commit drop as"
            " select distinct b.source_id, b.version_at, b.payload_hash from {} as l"
            " inner join seen_before as b on l.source_id = b.source_id"
            " where (b.payload_hash <> l.payload_hash or b.is_gone) and b.version_at < %(at)s"
            " and not exists (select from {} as r where r.source_id = b.source_id and r.version_at > b.version_at"
            " and r.version_at <= %(at)s)"
        ).format(landing, tables.raw),
        {"at": at},
    )
    count = connection.execute("select count(*) from left_out").fetchone()
    assert count
    if not count[0]:
        return
    load = connection.execute(
        "insert into ops.load (source, entity, kind, window_start, window_end, state, landed_at, received, inserted,"
        " unchanged, unreadable) values (%s, %s, 'pull', %s, %s, 'landed', now(), %s, %s, 0, 0) returning load_id",
        [tables.source, tables.entity, later.start, later.end, count[0], count[0]],
    ).fetchone()
    assert load
    connection.execute(
        sql.SQL(
            "insert into {raw} (source_id, version_at, payload_hash, load_id, defects, payload, is_gone)"
            " select r.source_id, %s, r.payload_hash, %s, r.defects, r.payload, r.is_gone"
            " from left_out inner join {raw} as r using (source_id, version_at, payload_hash)"
        ).format(raw=tables.raw),
        [at, load[0]],
    )
