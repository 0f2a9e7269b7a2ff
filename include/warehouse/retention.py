"""How long raw keeps what newer versions have replaced, and how long webhooks are kept that are done with."""

from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from include.sources.config import Entity, Source
from include.warehouse.connection import Warehouse
from include.warehouse.landing import tables_of
from include.warehouse.locks import exclusive
from include.warehouse.tables import EntityTables

ROWS_A_COMMIT = 20_000
WEBHOOKS_KEPT_FOR = timedelta(days=30)

# What may go: a version before the cutoff that a newer one has replaced, whose load is in core, and that no open row of
# quarantine would be replayed from. The newest version of a record stays, however old it is.
_DOOMED = """
    create temp table doomed as
    select row_number() over () as n, r.source_id, r.version_at, r.payload_hash
    from {raw} as r
    inner join ops.load as l on l.load_id = r.load_id and l.core_at is not null
    where
        r.version_at < {cutoff}
        and exists (
            select from {raw} as newer
            where
                newer.source_id = r.source_id
                and (newer.version_at, newer.payload_hash) > (r.version_at, r.payload_hash)
        )
        and not exists (
            select from ops.quarantine as q
            where
                q.source = {source} and q.entity = {entity} and q.state = 'open' and q.source_id = r.source_id
                and q.version_at = r.version_at and q.payload_hash = r.payload_hash
        )
"""

_DELETE = """
    delete from {raw} as r using doomed as d
    where
        d.n > {after} and d.n <= {until}
        and r.source_id = d.source_id and r.version_at = d.version_at and r.payload_hash = d.payload_hash
"""


def prune_raw(warehouse: Warehouse, source: Source, now: datetime) -> dict[str, int]:
    """Delete the versions of a source's records that newer ones replaced longer ago than its ``keep_raw`` says.

    Staging and core keep what they have. Deleted in portions, a commit each; loads of the entity wait for a portion at
    most. Each pruning of an entity that deleted anything is noted in ops.raw_pruning.

    :param now: what ``keep_raw`` is counted back from.
    :returns: entity → how many versions were deleted; empty when the source keeps all.
    """
    if source.keep_raw is None:
        return {}
    cutoff = now - source.keep_raw
    return {name: _prune(warehouse, source, entity, cutoff) for name, entity in source.entities.items()}


def _prune(warehouse: Warehouse, source: Source, entity: Entity, cutoff: datetime) -> int:
    tables = tables_of(source, entity)
    # no replay and no staging goes on meanwhile: what may go now may go until it is gone
    with warehouse.connect(autocommit=True) as connection, exclusive(connection, f"staging {tables.name}"):
        row = connection.execute("select to_regclass(%s) is not null", [f'raw."{tables.name}"']).fetchone()
        if not (row and row[0]):
            return 0
        doomed = connection.execute(
            sql.SQL(_DOOMED).format(raw=tables.raw, cutoff=cutoff, source=tables.source, entity=tables.entity)
        ).rowcount
        if not doomed:
            return 0
        connection.execute("create unique index on doomed (n)")
        connection.execute("analyze doomed")
        row = connection.execute(
            "insert into ops.raw_pruning (source, entity, older_than, deleted) values (%s, %s, %s, 0)"
            " returning pruning_id",
            [tables.source, tables.entity, cutoff],
        ).fetchone()
        assert row
        return sum(_delete_portion(connection, tables, row[0], after) for after in range(0, doomed, ROWS_A_COMMIT))


def _delete_portion(connection: psycopg.Connection, tables: EntityTables, pruning_id: int, after: int) -> int:
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw {tables.name}"])
        deleted = connection.execute(
            sql.SQL(_DELETE).format(raw=tables.raw, after=after, until=after + ROWS_A_COMMIT)
        ).rowcount
        connection.execute(
            "update ops.raw_pruning set deleted = deleted + %s, pruned_at = now() where pruning_id = %s",
            [deleted, pruning_id],
        )
    return deleted


def prune_webhooks(warehouse: Warehouse, now: datetime) -> int:
    """Delete the webhooks that were landed, or given up, thirty days ago; returns how many.

    Those that could not be read stay: only a person can tell what they were.
    """
    with warehouse.connect() as connection:
        return connection.execute(
            "delete from ops.webhook where state in ('landed', 'given_up') and finished_at < %s",
            [now - WEBHOOKS_KEPT_FOR],
        ).rowcount
