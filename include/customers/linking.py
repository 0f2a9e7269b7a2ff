"""Linking: which records are one customer or one company, kept up to date for the records that changed.

With the model frozen, a pair's score depends on its two records alone, and a cluster on its pairs and decisions alone:
so linking what changed gives what linking everything would.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from include.customers.identity.clusters import cluster
from include.customers.identity.comparisons import LISTS
from include.customers.identity.config import IdentityConfig, KindConfig, load_identity_config
from include.customers.identity.engine import block_keys, score
from include.customers.identity.model import Model, starting_model
from include.customers.kinds import ORGANISATION, PERSON, Kind

# From this share of all records on, scoring everything at once is quicker than looking for what they may match.
MANY = 0.2


# The company of a person whose record names none: the one that the record belongs to, else the one of their mailbox.
COMPANY = {
    "company_key": "coalesce(r.matching ->> 'company_key', o.matching ->> 'name_key', d.name_key) as company_key",
    "domain": "coalesce(r.matching ->> 'domain', o.matching ->> 'domain') as domain",
}
COMPANY_OF_DOMAIN = """
    left join lateral (
        select d.matching ->> 'name_key' as name_key from core.identity_record as d
        where d.kind = 'organisation' and d.matching ->> 'domain' = r.matching ->> 'domain'
        order by d.record_id collate "C"
        limit 1
    ) as d on r.kind = 'person'
"""


@dataclass(frozen=True)
class InForce:
    """The model that links a kind now; ``is_new`` until a build has linked all records by it."""

    model_id: int
    model: Model
    is_new: bool


def configure(config: IdentityConfig, kind: Kind) -> KindConfig:
    """The part of include/config/identity.yaml that is about a kind."""
    return config.persons if kind is PERSON else config.organisations


def link_records(connection: psycopg.Connection, kind: Kind) -> None:
    """Link the records that changed, and all of them when a model is new.

    Reads ``changed_<kind>_record`` and ``touched_<kind>_record``; leaves the temporary table ``affected_<kind>``
    (canonical_id): every customer or company, of before or of now, that a touched or linked record belongs to.
    """
    config = configure(load_identity_config(), kind)
    force = model_in_force(connection, kind, config)
    _seeds(connection, kind, force.is_new)
    if _count(connection, "table seed"):
        _score(connection, kind, config, force)
    _reach(connection, kind, force.model)
    _cluster(connection, kind, force.model)
    _note_affected(connection, kind)
    _note_changes(connection, kind, force)
    _write_links(connection, kind)
    _run(
        connection,
        kind,
        "update core.identity_decision set applied_at = now() where kind = {kind} and applied_at is null",
    )
    connection.execute("update ops.identity_model set applied_at = now() where model_id = %s", [force.model_id])
    connection.execute("drop table seed, reached, fresh_link")


def model_in_force(connection: psycopg.Connection, kind: Kind, config: KindConfig) -> InForce:
    """The newest model; until one is trained, the weights that include/config/identity.yaml starts with."""
    row = connection.execute(
        "select model_id, model::text, records, applied_at is null from ops.identity_model where kind = %s"
        " order by model_id desc limit 1",
        [kind.name],
    ).fetchone()
    start = starting_model(config)
    if row:
        model = Model.from_json(row[1])
        if row[2] or model.to_json() == start.to_json():
            return InForce(row[0], model, row[3])
    return InForce(store_model(connection, kind, start), start, True)


def store_model(connection: psycopg.Connection, kind: Kind, model: Model) -> int:
    """Store a model, which is in force from the next build of core on; returns its number."""
    row = connection.execute(
        "insert into ops.identity_model (kind, records, model) values (%s, %s, %s) returning model_id",
        [kind.name, model.records, model.to_json()],
    ).fetchone()
    assert row
    return row[0]


def read_records(connection: psycopg.Connection, kind: Kind, condition: str = "true") -> pa.Table:
    """The matching columns of records (``unique_id`` is the record's id), read as one table.

    A person whose record names no company is matched by the company that the record or its mailbox belongs to.

    :param condition: on ``r``, the record; SQL of this module, never anything from outside.
    """
    columns = [
        sql.SQL(COMPANY[name])
        if kind is PERSON and name in COMPANY
        else sql.SQL("r.matching ->> {} as {}").format(sql.Literal(name), sql.Identifier(name))
        for name in kind.matching
    ]
    statement = sql.SQL(
        "copy (select r.record_id as unique_id, {columns} from core.identity_record as r"
        " left join core.identity_record as o on o.kind = 'organisation' and r.company_record = o.record_id {lateral}"
        ' where r.kind = {kind} and {condition} order by r.record_id collate "C") to stdout (format csv, header)'
    ).format(
        columns=sql.SQL(", ").join(columns),
        lateral=sql.SQL(COMPANY_OF_DOMAIN),
        kind=sql.Literal(kind.name),
        condition=sql.SQL(condition),
    )
    buffer = io.BytesIO()
    with connection.cursor().copy(statement) as copy:
        for block in copy:
            buffer.write(block)
    names = ("unique_id", *kind.matching)
    table = pyarrow.csv.read_csv(
        pa.BufferReader(buffer.getbuffer()),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    for name in (name for name in LISTS if name in names):
        table = table.set_column(table.column_names.index(name), name, _lists(table.column(name)))
    return table


def _lists(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists of text, from their JSON."""
    coded = column.combine_chunks().dictionary_encode()
    lists = pa.array([orjson.loads(text) for text in coded.dictionary.to_pylist()], pa.list_(pa.string()))
    return pa.chunked_array([lists.take(coded.indices)])


def _seeds(connection: psycopg.Connection, kind: Kind, is_all: bool) -> None:
    """The records whose pairs are found anew: all, or those that changed, persons of changed companies with them."""
    if is_all:
        statement = "select record_id from core.identity_record where kind = {kind}"
    elif kind is PERSON:
        statement = (
            "select record_id from {changed} union select r.record_id from core.identity_record as r"
            " inner join {companies} as c on r.company_record = c.record_id where r.kind = {kind}"
            " union select r.record_id from core.identity_record as r"
            " inner join {companies} as c on r.matching ->> 'domain' in (c.domain, c.domain_before)"
            " where r.kind = {kind}"
        )
    else:
        statement = "select record_id from {changed}"
    _run(connection, kind, f"create temp table seed on commit drop as {statement}")
    connection.execute("alter table seed add primary key (record_id)")
    connection.execute("analyze seed")


def _score(connection: psycopg.Connection, kind: Kind, config: KindConfig, force: InForce) -> None:
    """Find the pairs of the seeds anew, and put them in the place of those that they had."""
    in_all = _count(connection, sql.SQL("select from core.identity_record where kind = {}").format(kind.name))
    is_many = _count(connection, "table seed") > MANY * in_all
    with_keys = read_records(connection, kind, "exists (select from seed as s where s.record_id = r.record_id)")
    _write_keys(connection, kind, block_keys(with_keys, config))
    _run(
        connection,
        kind,
        "delete from core.identity_pair where kind = {kind}"
        " and (record_a in (select record_id from seed) or record_b in (select record_id from seed))",
    )
    _run(
        connection,
        kind,
        "create temp table near on commit drop as select distinct b.record_id from seed as s"
        " inner join core.identity_block as a on a.kind = {kind} and s.record_id = a.record_id"
        " inner join core.identity_block as b on a.kind = b.kind and a.key = b.key and a.record_id <> b.record_id",
    )
    if _count(connection, "table near"):
        connection.execute("insert into near table seed")
        connection.execute("analyze near")
        records = read_records(
            connection, kind, "true" if is_many else "exists (select from near as n where n.record_id = r.record_id)"
        )
        _write_pairs(connection, kind, score(records, force.model, config, fresh=with_keys["unique_id"]))
    connection.execute("drop table near")


def _write_pairs(connection: psycopg.Connection, kind: Kind, pairs: pa.Table) -> None:
    """Keep the pairs that a seed is in; the others are there already."""
    connection.execute(
        "create temp table fresh_pair (record_a text, record_b text, weight float8, probability float8,"
        " agreement jsonb) on commit drop"
    )
    with connection.cursor().copy("copy fresh_pair from stdin") as copy:
        for batch in pairs.to_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    _run(
        connection,
        kind,
        "insert into core.identity_pair (kind, record_a, record_b, weight, probability, agreement)"
        " select {kind}, record_a, record_b, weight, probability, agreement from fresh_pair"
        " where record_a in (select record_id from seed) or record_b in (select record_id from seed)",
    )
    connection.execute("drop table fresh_pair")


def _write_keys(connection: psycopg.Connection, kind: Kind, keys: pa.Table) -> None:
    _run(
        connection,
        kind,
        "delete from core.identity_block as b using seed as s where b.kind = {kind} and b.record_id = s.record_id",
    )
    connection.execute("create temp table fresh_key (record_id text, key bigint) on commit drop")
    with connection.cursor().copy("copy fresh_key from stdin") as copy:
        for batch in keys.select(["unique_id", "key"]).to_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    _run(
        connection,
        kind,
        "insert into core.identity_block (kind, key, record_id) select distinct {kind}, key, record_id from fresh_key",
    )
    connection.execute("drop table fresh_key")
    connection.execute("analyze core.identity_block")


def _reach(connection: psycopg.Connection, kind: Kind, model: Model) -> None:
    """The records whose cluster may be another now: all that any chain of pairs or decisions ties to a changed one."""
    _run(
        connection,
        kind,
        """
        create temp table reached on commit drop as
        with recursive moved as (
            select record_id from seed
            union
            select record_id from {touched}
            union
            select d.record_id from core.identity_decision
            cross join lateral (values (record_a), (record_b)) as d (record_id)
            where kind = {kind} and applied_at is null
        ),
        once as (
            select l.record_id from core.{link} as l
            where l.{id_column} in (
                select k.{id_column} from core.{link} as k inner join moved as m on k.record_id = m.record_id
            )
            union
            select record_id from moved
        ),
        tied as (
            select record_id from once
            union
            select e.record_id from tied as t
            cross join lateral (
                select record_b as record_id from core.identity_pair
                where kind = {kind} and record_a = t.record_id and probability >= {link_from}
                union all
                select record_a from core.identity_pair
                where kind = {kind} and record_b = t.record_id and probability >= {link_from}
                union all
                select case when record_a = t.record_id then record_b else record_a end from core.identity_decision
                where kind = {kind} and revoked_at is null and is_same and t.record_id in (record_a, record_b)
            ) as e
        )
        select record_id from tied
        """,
        link_from=model.link_only_at,
    )
    connection.execute("alter table reached add primary key (record_id)")
    connection.execute("analyze reached")


def _cluster(connection: psycopg.Connection, kind: Kind, model: Model) -> None:
    ids = [
        row[0]
        for row in _run(
            connection,
            kind,
            "select r.record_id from reached as t"
            " inner join core.identity_record as r on r.kind = {kind} and t.record_id = r.record_id",
        )
    ]
    pairs = _run(
        connection,
        kind,
        "select p.record_a, p.record_b, p.weight from core.identity_pair as p"
        " inner join reached as a on p.record_a = a.record_id where p.kind = {kind} and p.probability >= {link_from}",
        link_from=model.link_only_at,
    ).fetchall()
    decided: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    known = set(ids)
    for record_a, record_b, is_same in _run(
        connection,
        kind,
        "select d.record_a, d.record_b, d.is_same from core.identity_decision as d"
        " inner join reached as a on d.record_a = a.record_id where d.kind = {kind} and d.revoked_at is null",
    ):
        if record_a in known and record_b in known:
            decided[is_same].append((record_a, record_b))
    firsts = cluster(pa.array(ids, pa.string()), pairs, decided[True], decided[False], sure_from=model.link_weight)
    connection.execute(
        "create temp table fresh_link (record_id text, first_record text, canonical_id text) on commit drop"
    )
    with connection.cursor().copy("copy fresh_link (record_id, first_record) from stdin") as copy:
        for record, first in zip(*(column.to_pylist() for column in firsts.columns), strict=True):
            copy.write_row([record, first])
    # named after the smallest key of the members, so that the order of loading does not matter
    connection.execute("update fresh_link set canonical_id = %s || left(md5(first_record), 16)", [kind.id_prefix])
    connection.execute("analyze fresh_link")


def _note_affected(connection: psycopg.Connection, kind: Kind) -> None:
    _run(
        connection,
        kind,
        "create temp table {affected} on commit drop as"
        " select l.{id_column} as canonical_id from core.{link} as l"
        " inner join reached as r on l.record_id = r.record_id"
        " union select canonical_id from fresh_link",
    )


def _note_changes(connection: psycopg.Connection, kind: Kind, force: InForce) -> None:
    """Log every record that goes from one customer to another, and what holds it there."""
    _run(
        connection,
        kind,
        """
        insert into core.customer_change (kind, change, canonical_id, other_id, record_id, reason, model_id)
        select
            {kind},
            case when anchor.canonical_id = f.canonical_id then 'merged' else 'split' end,
            f.canonical_id,
            l.{id_column},
            f.record_id,
            coalesce(decided.reason, tie.reason, 'no pair holds them together any more'),
            {model_id}
        from fresh_link as f
        inner join core.{link} as l on f.record_id = l.record_id
        inner join core.identity_alias as a on l.{id_column} = a.canonical_id
        left join fresh_link as anchor on a.record_id = anchor.record_id
        left join lateral (
            select format('decided by %s: %s', d.decided_by, d.reason) as reason
            from core.identity_decision as d
            where d.kind = {kind} and d.applied_at is null and f.record_id in (d.record_a, d.record_b)
            order by d.decision_id desc
            limit 1
        ) as decided on true
        left join lateral (
            select format(
                'matches %s: %s (weight %s)',
                case when p.record_a = f.record_id then p.record_b else p.record_a end,
                (
                    select string_agg(w.key, ', ' order by w.value::float8 desc)
                    from jsonb_each_text(p.agreement) as w where w.value::float8 > 0
                ),
                round(p.weight::numeric, 1)
            ) as reason
            from core.identity_pair as p
            inner join fresh_link as other
                on other.record_id = case when p.record_a = f.record_id then p.record_b else p.record_a end
            where p.kind = {kind} and f.record_id in (p.record_a, p.record_b) and p.probability >= {link_from}
                and other.canonical_id = f.canonical_id
            order by p.weight desc
            limit 1
        ) as tie on true
        where l.{id_column} <> f.canonical_id
        """,
        model_id=force.model_id,
        link_from=force.model.link_only_at,
    )


def _write_links(connection: psycopg.Connection, kind: Kind) -> None:
    _run(
        connection,
        kind,
        "delete from core.{link} as l using reached as r where l.record_id = r.record_id",
    )
    _run(
        connection,
        kind,
        "insert into core.{link} (source, record_key, record_id, {id_column})"
        " select r.source, r.record_key, r.record_id, f.canonical_id from fresh_link as f"
        " inner join core.identity_record as r on r.kind = {kind} and f.record_id = r.record_id",
    )
    _run(
        connection,
        kind,
        "insert into core.identity_alias (canonical_id, kind, record_id)"
        " select distinct canonical_id, {kind}, first_record from fresh_link on conflict do nothing",
    )


def _count(connection: psycopg.Connection, query: str | sql.Composed) -> int:
    counting = sql.SQL("select count(*) from ({}) as t").format(sql.SQL(query) if isinstance(query, str) else query)
    row = connection.execute(counting).fetchone()
    assert row
    return row[0]


def _run(connection: psycopg.Connection, kind: Kind, statement: str, **values: float) -> psycopg.Cursor:
    return connection.execute(
        sql.SQL(statement).format(
            kind=sql.Literal(kind.name),
            link=sql.Identifier(kind.link),
            id_column=sql.Identifier(kind.id_column),
            touched=sql.Identifier(f"touched_{kind.name}_record"),
            changed=sql.Identifier(f"changed_{kind.name}_record"),
            companies=sql.Identifier(f"changed_{ORGANISATION.name}_record"),
            affected=sql.Identifier(f"affected_{kind.name}"),
            **{name: sql.Literal(value) for name, value in values.items()},
        )
    )


def decide(
    connection: psycopg.Connection, kind: Kind, records: Sequence[str], *, is_same: bool, reason: str, by: str
) -> None:
    """Write that two records are, or are not, the same; a decision there was on the two is replaced.

    The next build of core takes it in.

    :param records: two ids of records, as ``source:key``.
    :raises ValueError: when the two are one, or a record is not known.
    """
    first, second = sorted(records)
    if first == second:
        raise ValueError(f"{first} is one record: a decision is about two")
    for record in (first, second):
        known = connection.execute(
            "select from core.identity_record where kind = %s and record_id = %s", [kind.name, record]
        ).fetchone()
        if known is None:
            raise ValueError(
                f"{record} is no record of a {kind.name}: see record_id in core.{kind.link}, written source:key"
            )
    revoke(connection, kind, (first, second))
    connection.execute(
        "insert into core.identity_decision (kind, record_a, record_b, is_same, reason, decided_by)"
        " values (%s, %s, %s, %s, %s, %s)",
        [kind.name, first, second, is_same, reason, by],
    )


def revoke(connection: psycopg.Connection, kind: Kind, records: Sequence[str]) -> bool:
    """Take the decision on two records back; whether there was one."""
    first, second = sorted(records)
    cursor = connection.execute(
        "update core.identity_decision set revoked_at = now(), applied_at = null"
        " where kind = %s and record_a = %s and record_b = %s and revoked_at is null",
        [kind.name, first, second],
    )
    return cursor.rowcount > 0
