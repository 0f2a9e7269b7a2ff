"""Who was forgotten and must not come back: keyed hashes in ops.forgotten, asked by every landing and staging."""

import psycopg
from psycopg import sql

from include.warehouse.redaction import PERSONAL, Needles, find_linked, redact
from include.warehouse.tables import EntityTables

# An e-mail address in any text, to be looked up by its hash.
EMAIL_PATTERN = r"[[:alnum:]._%+'-]+@[[:alnum:].-]+[[:alnum:]]"

_HAS_FORGOTTEN_EMAIL = sql.SQL(
    "exists (select from regexp_matches({text}, {pattern}, 'g') as m (found) cross join ops.forgotten_salt as s"
    " inner join ops.forgotten as f on f.kind = 'email'"
    " and f.hash = ops.forgotten_hash('email:' || lower(m.found[1]), s.inner_pad, s.outer_pad))"
)


def leave_out_forgotten(connection: psycopg.Connection, tables: EntityTables, landing: sql.Identifier) -> int:
    """Take the records of forgotten people out of a load's table; returns how many. Without any it asks once.

    :param connection: in the transaction of the load, with raw's lock.
    """
    if not _any(connection, "kind = 'record' and source = %s and entity = %s", tables.source, tables.entity):
        return 0
    return connection.execute(
        sql.SQL(
            "delete from {} as l using ops.forgotten_salt as s, ops.forgotten as f"
            " where f.kind = 'record' and f.source = {source} and f.entity = {entity}"
            " and f.hash = ops.forgotten_hash('record:' || {source} || ':' || l.source_id, s.inner_pad, s.outer_pad)"
        ).format(landing, source=sql.Literal(tables.source), entity=sql.Literal(tables.entity))
    ).rowcount


def empty_unreadable(connection: psycopg.Connection) -> None:
    """Drop the texts in the table ``unreadable`` that have a forgotten address in them."""
    if _any(connection, "kind = 'email'"):
        connection.execute(
            sql.SQL("update unreadable as u set payload = null where ")
            + _HAS_FORGOTTEN_EMAIL.format(text=sql.SQL("u.payload"), pattern=sql.Literal(EMAIL_PATTERN))
        )


def free_batch(connection: psycopg.Connection, tables: EntityTables) -> int:
    """Free a load's typed rows of forgotten people, before they go to staging and quarantine.

    Records that are theirs by the address leave the batch and raw; what is about something else, an order or a ticket,
    is redacted in both.

    :param connection: in the transaction that ends the staging of a load; ``failed`` has the rows that failed.
    :returns: how many records left.
    """
    if not _any(connection, "true"):
        return 0
    if tables.feeds == "customer":
        return _drop_records(connection, tables)
    _empty_failed(connection, tables)
    if tables.feeds in PERSONAL:
        _known_again(connection, tables)
        if find_linked(connection, tables, tables.batch):
            redact(connection, tables, tables.batch, Needles())
        connection.execute("drop table linked, person_key, person_email, person_ticket")
    return 0


def _any(connection: psycopg.Connection, condition: str, *values: str) -> bool:
    row = connection.execute(
        f"select exists (select from ops.forgotten where {condition})".encode(),  # noqa: S608 (this module's own words)
        values or None,
    ).fetchone()
    return bool(row and row[0])


def _drop_records(connection: psycopg.Connection, tables: EntityTables) -> int:
    if not _any(connection, "kind = 'email'"):
        return 0
    names = {
        "batch": tables.batch, "raw": tables.raw, "staging": tables.staging,
        "source": sql.Literal(tables.source), "entity": sql.Literal(tables.entity),
        "failed_has": _HAS_FORGOTTEN_EMAIL.format(
            text=sql.SQL("r.payload::text"), pattern=sql.Literal(EMAIL_PATTERN)
        ),
    }  # fmt: skip
    dropped = connection.execute(
        sql.SQL(
            "create temp table dropped on commit drop as"
            " select b.source_id, b.version_at, b.payload_hash from {batch} as b cross join ops.forgotten_salt as s"
            " inner join ops.forgotten as f on f.kind = 'email'"
            " and f.hash = ops.forgotten_hash('email:' || lower(trim(b.email)), s.inner_pad, s.outer_pad)"
            " where b.role is distinct from 'agent'"
            " union select r.source_id, r.version_at, r.payload_hash from failed inner join {raw} as r"
            " using (source_id, version_at, payload_hash) where {failed_has}"
        ).format(**names)
    ).rowcount
    if not dropped:
        connection.execute("drop table dropped")
        return 0
    # a record that is known by other addresses is not forgotten, only this version of it
    connection.execute(
        sql.SQL(
            "insert into ops.forgotten (kind, source, entity, hash) select distinct 'record', {source}, {entity},"
            " ops.forgotten_hash('record:' || {source} || ':' || d.source_id, s.inner_pad, s.outer_pad)"
            " from dropped as d cross join ops.forgotten_salt as s"
            " where not exists (select from {staging} as k where k.source_id = d.source_id) on conflict do nothing"
        ).format(**names)
    )
    for table, of_entity in (
        (tables.batch, "true"),
        (sql.Identifier("failed"), "true"),
        (tables.raw, "true"),
        (sql.Identifier("ops", "quarantine"), "x.source = {source} and x.entity = {entity}"),
    ):
        connection.execute(
            sql.SQL(
                "delete from {} as x using dropped as d where x.source_id = d.source_id"
                " and x.version_at = d.version_at and x.payload_hash = d.payload_hash and "
            ).format(table)
            + sql.SQL(of_entity).format(**names)
        )
    connection.execute("drop table dropped")
    return dropped


def _empty_failed(connection: psycopg.Connection, tables: EntityTables) -> None:
    """Rows that could not be typed keep nothing but their hash when a forgotten address is in them."""
    connection.execute(
        sql.SQL(
            "update {} as r set payload = '{{}}' from failed as f where r.source_id = f.source_id"
            " and r.version_at = f.version_at and r.payload_hash = f.payload_hash and f.stage <> 'rules' and "
        ).format(tables.raw)
        + _HAS_FORGOTTEN_EMAIL.format(text=sql.SQL("r.payload::text"), pattern=sql.Literal(EMAIL_PATTERN))
    )


def _known_again(connection: psycopg.Connection, tables: EntityTables) -> None:
    """The keys, addresses and tickets of forgotten people that a batch names, found by their hashes."""
    personal = PERSONAL[tables.feeds]
    columns = {row[0] for row in connection.execute(
        "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0",
        [f'staging."{tables.feeds}"'],
    )}  # fmt: skip
    named = () if personal.is_named_by_email else personal.keys
    keys = [sql.SQL("select {} from {}").format(sql.Identifier(name), tables.batch) for name in named]
    if "messages" in personal.texts:
        keys.append(
            sql.SQL(
                "select m.message ->> 'author' from {} as b cross join lateral jsonb_array_elements("
                "case when jsonb_typeof(b.messages) = 'array' then b.messages end) as m (message)"
            ).format(tables.batch)
        )
    tickets = sql.SQL("select ticket_key from {}").format(tables.batch) if "ticket_key" in columns else None
    emails = sql.SQL("select lower(trim(customer_email)) from {}").format(tables.batch)
    for name, found, kind, is_of_source in (
        ("person_key", sql.SQL(" union ").join(keys) if keys else None, "record", True),
        ("person_ticket", tickets, "ticket", True),
        ("person_email", emails if "customer_email" in columns else None, "email", False),
    ):
        starts = f"{kind}:{tables.source}:" if is_of_source else f"{kind}:"
        connection.execute(
            sql.SQL(
                "create temp table {name} on commit drop as select distinct {source}::text as source, k.value"
                " from ({found}) as k (value) cross join ops.forgotten_salt as s inner join ops.forgotten as f"
                " on f.kind = {kind} and f.hash = ops.forgotten_hash({starts} || k.value, s.inner_pad, s.outer_pad)"
            ).format(
                name=sql.Identifier(name),
                source=sql.Literal(tables.source),
                found=found or sql.SQL("select null::text"),
                kind=sql.Literal(kind),
                starts=sql.Literal(starts),
            )
        )
    if tables.feeds == "ticket":
        # what they ask from now on is theirs, too, and so are the answers
        connection.execute(
            sql.SQL(
                "insert into ops.forgotten (kind, source, hash) select distinct 'ticket', {source},"
                " ops.forgotten_hash('ticket:' || {source} || ':' || b.source_id, s.inner_pad, s.outer_pad)"
                " from {batch} as b inner join person_key as p on b.requester_key = p.value"
                " cross join ops.forgotten_salt as s on conflict do nothing"
            ).format(source=sql.Literal(tables.source), batch=tables.batch)
        )
