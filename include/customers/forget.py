"""Erasure: one person leaves the warehouse, the reports and the files, and does not come back; a proof stays.

What is theirs is deleted: their records in every version, what is known of them, who they were taken for. What is about
something else, a deal, an order, a ticket, keeps what figures need and nothing of the person, so that past sums hold.
"""

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql

from include.customers.forget_files import LookedFor, free_files
from include.customers.person import ForgetError, find_person
from include.extracts.erase import delete_extracts, make_again, published
from include.publish.config import load_publications
from include.settings import EXTRACTS, REPORTS, SQL, STATE, TIMEZONE
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive
from include.warehouse.marts import STATEMENTS, settle_marts
from include.warehouse.migrations import migrate
from include.warehouse.redaction import FORGOTTEN, Needles, find_linked, json_ways, parse, redact, to_text
from include.warehouse.tables import EntityTables

__all__ = ["Erasure", "ForgetError", "forget"]

SOURCE_KEEPS = "the sources: erase the person there, too, or ask who keeps them"
BACKUPS_KEEP = "backups of the warehouse and of files: they must be left to expire, or be erased by whoever keeps them"

# What core is made of again, in this order, for the facts that were redacted.
FACTS = {
    "deal": ("fct_deal",),
    "ticket": ("fct_ticket",),
    "ticket_event": ("latest_ticket_update", "fct_ticket_event", "fct_message"),
    "satisfaction": ("fct_satisfaction",),
    "activity": ("fct_activity",),
    "order_line": ("fct_order_line",),
}

# table → the rows of the person in it, that are deleted; x is the row
THEIRS = {
    "core.identity_pair": "x.kind = 'person' and (x.record_a in (table person_id) or x.record_b in (table person_id))",
    "core.identity_decision": "x.kind = 'person' and (x.record_a in (table person_id)"
    " or x.record_b in (table person_id))",
    "core.identity_block": "x.kind = 'person' and x.record_id in (table person_id)",
    "core.identity_record": "x.kind = 'person' and x.record_id in (table person_id)",
    "core.identity_alias": "x.kind = 'person' and (x.record_id in (table person_id)"
    " or x.canonical_id in (table person_customer))",
    "core.customer_change": "x.kind = 'person' and x.record_id in (table person_id)",
    "core.customer_link": "x.record_id in (table person_id)",
    "core.clean_version": "x.kind = 'person' and x.record_id in (table person_id)",
    "core.dim_customer": "x.customer_id in (table person_customer)",
    "core.fct_lead": "x.source || ':' || x.lead_id in (table person_id)",
    "core.fct_lead_stage": "x.source || ':' || x.lead_id in (table person_id)",
    "mart.ticket_topic": "(x.source, x.ticket_id) in (select t.source, t.value from person_ticket as t)",
    "ops.reminder": "x.subject_kind = 'customer' and x.subject_id in (table person_customer)",
}

# What was written about their tickets is emptied; what has not gone out does not. The rest of a list that it was in is
# told again.
THEIR_MESSAGES = """
with theirs as (
    select n.outbox_id, false as is_to_them from ops.alert_notice as n
    inner join person_ticket as t on n.source = t.source and n.subject_id = t.value and n.kind <> 'backlog_high'
    union
    select a.outbox_id, true from ops.ticket_answer as a
    inner join person_ticket as t on a.source = t.source and a.ticket_id = t.value
    union
    select f.outbox_id, true from ops.ticket_feedback as f
    inner join person_ticket as t on f.source = t.source and f.ticket_id = t.value
)

update ops.outbox as o
set
    subject = %(forgotten)s, payload = jsonb_build_object('text', %(forgotten)s::text),
    recipient = case when t.is_to_them then %(forgotten)s else o.recipient end,
    state = case when o.state in ('proposed', 'approved') then 'cancelled' else o.state end
from theirs as t
where o.outbox_id = t.outbox_id and o.subject <> %(forgotten)s
"""

# never searched: hashes, the proofs, and what is searched record by record
NOT_SWEPT = ("forgotten", "forgotten_salt", "erasure", "webhook")


@dataclass
class Erasure:
    """What an erasure did, or in a dry run would do: rows by table, places by file, and what it cannot reach.

    :param found: whether there was anything of the person.
    :param before: number of an earlier erasure of the same person, if there was one.
    """

    is_dry_run: bool
    erasure_id: int | None = None
    before: int | None = None
    tables: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    not_reached: list[str] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)

    @property
    def found(self) -> bool:
        return bool(self.tables or self.files)

    def as_dict(self) -> dict[str, Any]:
        """The erasure as plain values."""
        return {
            "dry_run": self.is_dry_run, "erasure_id": self.erasure_id, "erased_before": self.before,
            "tables": self.tables, "files": self.files, "not_reached": self.not_reached, "finished": self.finished,
        }  # fmt: skip

    def as_text(self) -> str:
        """The erasure for people; it names nobody."""
        lines = [f"Finished erasure {number}, which had been cut off." for number in self.finished]
        if not self.found:
            when = f" (erasure {self.before})" if self.before else ""
            return "\n".join([*lines, f"Nothing to do: this person was forgotten already{when}."])
        told = "Would be erased" if self.is_dry_run else "Erased"
        lines += [f"{told}, rows by table:", *(f"  {count:>8,}  {name}" for name, count in self.tables.items())]
        if self.files:
            lines += [f"{told}, places by file:", *(f"  {count:>8,}  {name}" for name, count in self.files.items())]
        lines += ["Not reached:", *(f"  {what}" for what in self.not_reached)]
        lines.append(
            "Nothing was changed: this was a dry run. --yes erases."
            if self.is_dry_run
            else f"Done. The proof is erasure {self.erasure_id} in ops.erasure."
        )
        return "\n".join(lines)


def forget(
    warehouse: Warehouse,
    *,
    emails: Sequence[str] = (),
    customer_ids: Sequence[str] = (),
    by: str,
    reason: str | None = None,
    dry_run: bool = True,
    state: Path = STATE,
    reports: Path = REPORTS,
    extracts: Path = EXTRACTS,
) -> Erasure:
    """Erase one person, whom addresses or ids of customers name.

    The warehouse is freed in one transaction, files after it. What files are searched for is kept in ops.erasure from
    that transaction until they are done: so whenever a process dies, the next call finishes its work first.

    :param by: who asks for it; kept in the proof.
    :param reason: why; kept in the proof and in the manifests of editions, so it must not name the person.
    :param dry_run: only say what would be done: the same statements run, and are rolled back.
    :param state: folder of the installation's own files.
    :param reports: folder of the kept editions.
    :raises ForgetError: when nobody is named, nobody is found, or it is not clear who.
    """
    if not any(map(str.strip, (*emails, *customer_ids))):
        raise ForgetError("Name the person: an e-mail address, or a customer's id as in core.dim_customer.")
    migrate(warehouse)
    erasure = Erasure(dry_run)
    if not dry_run:
        unfinished = _unfinished(warehouse)
        erasure.finished = [one for one in unfinished if _finish(warehouse, one, state, reports, extracts)]
    looked_for = _free_warehouse(warehouse, erasure, emails, customer_ids, by, reason, state, reports)
    if dry_run:
        erasure.files, unreached = free_files(looked_for, state, reports, dry_run=True)
        erasure.not_reached += unreached
        if erasure.found:
            erasure.not_reached += published(extracts)
            erasure.files |= delete_extracts(extracts, dry_run=True)
    elif erasure.erasure_id is not None:
        _finish(warehouse, erasure.erasure_id, state, reports, extracts, erasure)
        for subject in STATEMENTS:
            settle_marts(warehouse, subject)
        erasure.not_reached += make_again(warehouse, extracts, erasure.files)
    if not erasure.found and erasure.before is None:
        raise ForgetError("Nobody is known by that: there is nothing to forget, and nothing was changed.")
    return erasure


def _free_warehouse(
    warehouse: Warehouse,
    erasure: Erasure,
    emails: Sequence[str],
    customer_ids: Sequence[str],
    by: str,
    reason: str | None,
    state: Path,
    reports: Path,
) -> LookedFor:
    with warehouse.connect(autocommit=True) as connection:
        entities = _entities(connection)
        with _everything_held(connection, entities), connection.transaction() as transaction:
            for tables in entities:
                connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw {tables.name}"])
            erasure.before = _before(connection, emails, customer_ids)
            needles = find_person(connection, entities, emails, customer_ids)
            if reason and needles.scrub(reason, is_about_person=True) != reason:
                raise ForgetError("The reason is kept in the proof: say it without naming the person.")
            ids = [row[0] for row in connection.execute("select record_id from person_id union table person_customer")]
            looked_for = LookedFor(needles.own, needles.shared, tuple(ids), _subjects(connection), reason)
            erasure.tables = dict(sorted(_free(connection, entities, needles, ids).items()))
            erasure.not_reached = _not_reached(connection)
            if erasure.is_dry_run:
                raise psycopg.Rollback(transaction)
            if erasure.tables or free_files(looked_for, state, reports, dry_run=True)[0]:
                erasure.erasure_id = _note(connection, erasure, looked_for, by, reason)
                _keep_out(connection, erasure.erasure_id)
    return looked_for


def _entities(connection: psycopg.Connection) -> list[EntityTables]:
    """Every entity that there are tables of, whether its source is still defined or not."""
    rows = connection.execute(
        "select child.relname, parent.relname from pg_inherits as i"
        " inner join pg_class as child on i.inhrelid = child.oid"
        " inner join pg_class as parent on i.inhparent = parent.oid"
        " inner join pg_namespace as n on parent.relnamespace = n.oid"
        " where n.nspname = 'staging' and parent.relkind = 'p' order by 1"
    ).fetchall()
    return [EntityTables(name.partition("__")[0], name.partition("__")[2], feeds) for name, feeds in rows]


@contextmanager
def _everything_held(connection: psycopg.Connection, entities: Sequence[EntityTables]) -> Iterator[None]:
    """The locks of every staging, of core and of the marts, in the order in which their builders take them."""
    with ExitStack() as stack:
        for name in (
            *(f"staging {tables.name}" for tables in entities), "core", *sorted(f"marts {one}" for one in STATEMENTS),
        ):  # fmt: skip
            stack.enter_context(exclusive(connection, name))
        yield


def _hashed(kind: str, value: str) -> str:
    return f"ops.forgotten_hash('{kind}:' || {value}, s.inner_pad, s.outer_pad)"


def _before(connection: psycopg.Connection, emails: Sequence[str], customer_ids: Sequence[str]) -> int | None:
    told = [f"email:{one.strip().lower()}" for one in emails] + [f"customer:{one.strip()}" for one in customer_ids]
    row = connection.execute(
        "select max(coalesce(f.erasure_id, 0)) from unnest(%s::text[]) as t (value) cross join ops.forgotten_salt as s"
        " inner join ops.forgotten as f on f.hash = ops.forgotten_hash(t.value, s.inner_pad, s.outer_pad)",
        [told],
    ).fetchone()
    return row[0] if row else None


def _subjects(connection: psycopg.Connection) -> tuple[str, ...]:
    """Subjects of their tickets that no other ticket has: reports show them."""
    rows = connection.execute(
        "select distinct t.subject from staging.ticket as t"
        " inner join person_ticket as p on p.source = split_part(t.source_table, '__', 1) and p.value = t.source_id"
        " where length(trim(t.subject)) > 3 and not exists (select from staging.ticket as o where o.subject = t.subject"
        " and not exists (select from person_ticket as q"
        " where q.source = split_part(o.source_table, '__', 1) and q.value = o.source_id))"
    ).fetchall()
    return tuple(row[0].strip() for row in rows)


def _free(
    connection: psycopg.Connection, entities: Sequence[EntityTables], needles: Needles, ids: Sequence[str]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
    _mark_days(connection)
    _forget_terms(connection, counts)
    for tables in entities:
        if tables.feeds == "customer":
            _delete_records(connection, tables, counts)
    touched = {kind: sql.Identifier(f"touched_{kind}") for kind in (*FACTS, "customer", "company")}
    for of_kind in touched.values():
        connection.execute(
            sql.SQL("create temp table {} (source_table text, source_id text) on commit drop").format(of_kind)
        )
    for tables in entities:
        find_linked(connection, tables, tables.staging)
        redacted = redact(connection, tables, tables.staging, needles)
        counts[f"raw.{tables.name}"] += redacted.in_raw
        counts[f"staging.{tables.name}"] += redacted.typed
        if redacted.in_raw:
            counts["ops.quarantine"] += _redact_quarantine(connection, tables, redacted.source_ids)
        if tables.feeds in FACTS and redacted.source_ids:
            with connection.cursor() as cursor:
                cursor.executemany(
                    sql.SQL("insert into {} values (%s, %s)").format(touched[tables.feeds]),
                    [(tables.name, one) for one in redacted.source_ids],
                )
        connection.execute("drop table linked")
    counts["ops.webhook"] += _delete_webhooks(connection, needles)
    for name, condition in THEIRS.items():
        statement = sql.SQL("delete from {} as x where " + condition).format(sql.Identifier(*name.split(".")))  # noqa: S608
        counts[name] += connection.execute(statement).rowcount
    # topics are counted, and have their examples, from the tickets that are left
    connection.execute((SQL / "mart" / "service_topic.sql").read_bytes())
    _tell_facts_again(connection, counts)
    _free_marts(connection, counts)
    counts["ops.outbox"] += connection.execute(THEIR_MESSAGES, {"forgotten": FORGOTTEN}).rowcount
    escaped = [html.escape(value) for value in needles.own]
    for name, count in _sweep(connection, Needles((*needles.own, *escaped, *ids))).items():
        counts[name] += count
    return Counter({name: count for name, count in counts.items() if count})


def _mark_days(connection: psycopg.Connection) -> None:
    """Mark the days from the first on which anything was known of the person: what is counted has one customer less."""
    connection.execute(
        "update ops.mart_day set is_stale = true where subject = 'customers' and day_on >= (select min(day_on) from ("
        " select first_seen_at::date from core.dim_customer where customer_id in (table person_customer)"
        " union all select first_seen_at::date from mart.customer_360 where customer_id in (table person_customer)"
        " union all select ordered_on from mart.customer_order where customer_id in (table person_customer)"
        " union all select version_at::date from core.clean_version"
        " where kind = 'person' and record_id in (select record_id from person_id)) as known (day_on))"
    )


def _forget_terms(connection: psycopg.Connection, counts: Counter[str]) -> None:
    """Take the values out of the models' term frequencies that no other record has."""
    rows = connection.execute(
        "select distinct v.field, v.value from core.identity_record as r"
        " inner join person_id as p on r.kind = 'person' and r.record_id = p.record_id"
        " cross join lateral jsonb_each_text(r.matching) as v (field, value)"
        " where not exists (select from core.identity_record as o where o.kind = 'person'"
        " and o.matching ->> v.field = v.value and o.record_id not in (table person_id))"
    ).fetchall()
    models = connection.execute(
        "select model_id, model::text from ops.identity_model where kind = 'person' and model -> 'terms' is not null"
    ).fetchall()
    for model_id, text in models:
        model = parse(text)
        found = [(name, value) for name, value in rows if value in model["terms"].get(name, {})]
        for name, value in found:
            del model["terms"][name][value]
        if found:
            counts["ops.identity_model"] += connection.execute(
                "update ops.identity_model set model = %s where model_id = %s", [to_text(model), model_id]
            ).rowcount


def _delete_records(connection: psycopg.Connection, tables: EntityTables, counts: Counter[str]) -> None:
    theirs = "x.source_id in (select p.source_id from person_record as p where p.source_table = {name})"
    for label, table, condition in (
        ("raw", tables.raw, theirs),
        ("staging", tables.staging, theirs),
        ("ops", sql.Identifier("ops", "quarantine"), "x.source = {source} and x.entity = {entity} and " + theirs),
    ):
        label = "ops.quarantine" if label == "ops" else f"{label}.{tables.name}"
        counts[label] += connection.execute(
            sql.SQL("delete from {table} as x where " + condition).format(  # noqa: S608
                table=table,
                name=sql.Literal(tables.name),
                source=sql.Literal(tables.source),
                entity=sql.Literal(tables.entity),
            )
        ).rowcount


def _redact_quarantine(connection: psycopg.Connection, tables: EntityTables, source_ids: Sequence[str]) -> int:
    """What waits in quarantine is replayed from raw: its own copy becomes what raw has now."""
    return connection.execute(
        sql.SQL(
            "update ops.quarantine as q set payload = r.payload::text, detail = null, resolved_why = null"
            " from {raw} as r"
            " where q.source = {source} and q.entity = {entity} and q.source_id = any({ids})"
            " and q.source_id = r.source_id and q.version_at = r.version_at and q.payload_hash = r.payload_hash"
            " and q.payload is distinct from r.payload::text"
        ).format(
            raw=tables.raw,
            source=sql.Literal(tables.source),
            entity=sql.Literal(tables.entity),
            ids=sql.Literal(list(source_ids)),
        )
    ).rowcount


def _delete_webhooks(connection: psycopg.Connection, needles: Needles) -> int:
    """Webhooks that tell of the person; what else a waiting one told of comes with the next pull."""
    ways = {way.encode() for value in needles.own for way in (value, *json_ways(value))}
    count = 0
    for way in sorted(ways):
        count += connection.execute(
            "delete from ops.webhook where position(lower(encode(%s, 'escape')) in lower(encode(body, 'escape'))) > 0",
            [way],
        ).rowcount
    return (
        count
        + connection.execute(
            "delete from ops.webhook as w using person_key as k where k.source = w.source"
            " and encode(w.body, 'escape') ~ ('[:,\" \\[]' || regexp_replace(k.value, '([^[:alnum:]])', '\\\\\\1', 'g')"
            " || '[,\" \\]}]')"
        ).rowcount
    )


def _tell_facts_again(connection: psycopg.Connection, counts: Counter[str]) -> None:
    """Make core's facts anew from what staging has of them now, by core's own statements."""
    connection.execute((SQL / "core" / "merged_record.sql").read_bytes())
    for kind, statements in FACTS.items():
        row = connection.execute(
            sql.SQL("select count(distinct source_id) from {}").format(sql.Identifier(f"touched_{kind}"))
        ).fetchone()
        if row and row[0]:
            for name in statements:
                connection.execute((SQL / "core" / f"{name}.sql").read_bytes())
                if name.startswith("fct_"):
                    counts[f"core.{name}"] += row[0]
    connection.execute(
        "update mart.ticket as m set subject = f.subject from core.fct_ticket as f inner join touched_ticket as t"
        " on f.source = split_part(t.source_table, '__', 1) and f.ticket_id = t.source_id"
        " where m.source = f.source and m.ticket_id = f.ticket_id and m.subject is distinct from f.subject"
    )
    connection.execute(
        "update mart.deal as m set deal_name = f.name, lost_reason = f.lost_reason from core.fct_deal as f"
        " inner join touched_deal as t on f.source = split_part(t.source_table, '__', 1) and f.deal_id = t.source_id"
        " where m.source = f.source and m.deal_id = f.deal_id"
        " and (m.deal_name, m.lost_reason) is distinct from (f.name, f.lost_reason)"
    )


def _free_marts(connection: psycopg.Connection, counts: Counter[str]) -> None:
    """Delete the mart rows that are about the person; rows about something else no longer say whose it is."""
    rows = connection.execute(
        "select c.relname, a.attnotnull or exists (select from pg_index as i where i.indrelid = c.oid"
        " and i.indisprimary and a.attnum = any(i.indkey)) from pg_class as c"
        " inner join pg_namespace as n on c.relnamespace = n.oid inner join pg_attribute as a on a.attrelid = c.oid"
        " where n.nspname = 'mart' and c.relkind = 'r' and a.attname = 'customer_id' and not a.attisdropped order by 1"
    ).fetchall()
    for name, is_about_them in rows:
        change = "delete from {}" if is_about_them else "update {} set customer_id = null"
        counts[f"mart.{name}"] += connection.execute(
            sql.SQL(change + " where customer_id in (table person_customer)").format(sql.Identifier("mart", name))
        ).rowcount


def _sweep(connection: psycopg.Connection, needles: Needles) -> Counter[str]:
    """Replace what is left of the person in any text of core, mart and ops: a reason, an error, a remembered value."""
    counts: Counter[str] = Counter()
    pattern = needles.anywhere
    if pattern is None:
        return counts
    rows = connection.execute(
        "select n.nspname, c.relname, array_agg(a.attname order by a.attnum),"
        " array_agg(format_type(a.atttypid, null) order by a.attnum)"
        " from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid"
        " inner join pg_attribute as a on a.attrelid = c.oid"
        " where n.nspname in ('core', 'mart', 'ops') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped"
        " and format_type(a.atttypid, null) in ('text', 'json', 'jsonb', 'text[]') and c.relname <> all(%s)"
        " and c.relname not like '%%yoyo%%' group by 1, 2 order by 1, 2",
        [list(NOT_SWEPT)],
    ).fetchall()
    for schema, table, names, types in rows:
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
        found = connection.execute(
            sql.SQL("select ctid::text, {} from {} where concat_ws(' ', {}) ~* {}").format(
                sql.SQL(", ").join(sql.Identifier(name) for name in names),
                sql.Identifier(schema, table),
                columns,
                sql.Literal(pattern),
            )
        ).fetchall()
        for ctid, *values in found:
            freed = [_freed(value, needles) for value in values]
            if freed == values:
                continue
            counts[f"{schema}.{table}"] += 1
            assignments = sql.SQL(", ").join(
                sql.SQL("{} = {}::{}").format(
                    sql.Identifier(name),
                    sql.Literal(to_text(value) if kind.startswith("json") and value is not None else value),
                    sql.SQL(kind),
                )
                for name, kind, value in zip(names, types, freed, strict=True)
            )
            connection.execute(
                sql.SQL("update {} set {} where ctid = {}::tid").format(
                    sql.Identifier(schema, table), assignments, sql.Literal(ctid)
                )
            )
    return counts


def _freed(value: Any, needles: Needles) -> Any:
    if isinstance(value, str):
        if value.startswith(("{", "[")):
            try:
                return to_text(told) if (told := _freed(record := parse(value), needles)) != record else value
            except ValueError:
                pass
        return needles.scrub(value)
    if isinstance(value, dict):
        return {needles.scrub(key): _freed(item, needles) for key, item in value.items()}
    if isinstance(value, list):
        return [_freed(item, needles) for item in value]
    return value


def _not_reached(connection: psycopg.Connection) -> list[str]:
    sources = [
        row[0]
        for row in connection.execute(
            "select source from person_key union select source from person_link order by 1"
        ).fetchall()
    ]
    told = [SOURCE_KEEPS + (f" (their records are from {', '.join(sources)})" if sources else ""), BACKUPS_KEEP]
    told += [
        f"publication {name}, table {one.to} of {one.connection}: the next run of publish_tables takes the person out"
        for name, one in load_publications().items()
    ]
    return told


def _note(connection: psycopg.Connection, erasure: Erasure, looked_for: LookedFor, by: str, reason: str | None) -> int:
    row = connection.execute(
        "insert into ops.erasure (asked_by, reason, tables, not_reached, looked_for) values (%s, %s, %s, %s, %s)"
        " returning erasure_id",
        [by, reason, orjson.dumps(erasure.tables).decode(), erasure.not_reached, looked_for.to_json()],
    ).fetchone()
    assert row
    return row[0]


def _keep_out(connection: psycopg.Connection, erasure_id: int) -> None:
    """Tombstones: hashes by which loads know what must not come back."""
    for kind, source, entity, value, table in (
        (
            "record", "split_part(t.source_table, '__', 1)", "substr(t.source_table, strpos(t.source_table, '__') + 2)",
            "split_part(t.source_table, '__', 1) || ':' || t.source_id", "person_record",
        ),
        ("email", "null", "null", "t.value", "person_email"),
        ("ticket", "t.source", "null", "t.source || ':' || t.value", "person_ticket"),
        ("customer", "null", "null", "t.customer_id", "person_customer"),
    ):  # fmt: skip
        connection.execute(
            f"insert into ops.forgotten (kind, source, entity, hash, erasure_id)"  # noqa: S608 (this module's own words)
            f" select distinct '{kind}', {source}, {entity}, {_hashed(kind, value)}, %s"
            f" from {table} as t cross join ops.forgotten_salt as s on conflict do nothing".encode(),
            [erasure_id],
        )


def _unfinished(warehouse: Warehouse) -> list[int]:
    with warehouse.connect() as connection:
        rows = connection.execute("select erasure_id from ops.erasure where done_at is null order by 1").fetchall()
    return [row[0] for row in rows]


def _finish(
    warehouse: Warehouse, erasure_id: int, state: Path, reports: Path, extracts: Path, erasure: Erasure | None = None
) -> bool:
    """Free the files of an erasure whose warehouse part is committed, and close it; again finds what is left."""
    with warehouse.connect(autocommit=True) as connection, exclusive(connection, "editions"):
        row = connection.execute(
            "select looked_for from ops.erasure where erasure_id = %s and done_at is null", [erasure_id]
        ).fetchone()
        if row is None:
            return False
        files, unreached = free_files(LookedFor.from_json(row[0]), state, reports, connection=connection)
        with exclusive(connection, "extracts"):  # one that is being made may have read the person
            unreached += published(extracts)
            files |= delete_extracts(extracts)
        connection.execute(
            "update ops.erasure set done_at = now(), looked_for = null, files = %s, not_reached = not_reached || %s"
            " where erasure_id = %s",
            [orjson.dumps(files).decode(), unreached, erasure_id],
        )
    if erasure:
        erasure.files = files
        erasure.not_reached += unreached
    return True
