"""Who is to be forgotten: every record, key, address and name of one person, found and noted in temporary tables."""

import re
from collections.abc import Sequence

import psycopg
from psycopg import sql

from include.errors import NeedsPersonError
from include.warehouse.redaction import Needles, leaves, parse
from include.warehouse.tables import EntityTables

# Shorter ones are found in too much that is somebody else's.
LEAST_DIGITS = 7


class ForgetError(NeedsPersonError):
    """Somebody cannot be forgotten: the message says why, and what to do."""


_RECORDS = """
    create temp table person_link on commit drop as
    select distinct l.record_id, l.source, l.record_key, l.customer_id
    from core.customer_link as l
    where l.customer_id in (
        select a.customer_id from asked_customer as a
        union
        select c.customer_id from core.customer_alias as c inner join asked_customer as a on c.alias_id = a.customer_id
        union
        select o.customer_id from owner_of_email as o
    );

    create temp table person_record on commit drop as
    select distinct s.source_table, s.source_id
    from staging.customer as s
    where
        exists (
            select from person_link as l
            where l.source = split_part(s.source_table, '__', 1) and l.record_key = s.source_id
        )
        or lower(trim(s.email)) in (select email from asked_email);

    create temp table person_email on commit drop as
    select distinct e.value
    from (
        select lower(trim(s.email)) as value, false as is_told
        from staging.customer as s
        inner join person_record as p using (source_table, source_id)
        union
        select email, true from asked_email
        union
        select substr(record_key, 7), true from person_link where record_key like 'email:%'
    ) as e
    where
        e.value <> ''
        and (
            e.is_told
            or not exists (
                select from staging.customer as o
                where lower(trim(o.email)) = e.value
                    and not exists (
                        select from person_record as p
                        where p.source_table = o.source_table and p.source_id = o.source_id
                    )
            )
        );
"""

_KEYS = """
    create temp table person_key on commit drop as
    select distinct split_part(source_table, '__', 1) as source, source_id as value from person_record
    union
    select source, record_key from person_link where record_key not like 'email:%';

    create temp table person_ticket on commit drop as
    select distinct split_part(t.source_table, '__', 1) as source, t.source_id as value
    from staging.ticket as t
    inner join person_key as k on k.source = split_part(t.source_table, '__', 1) and k.value = t.requester_key;

    create temp table person_id on commit drop as
    select record_id from person_link
    union
    select split_part(source_table, '__', 1) || ':' || source_id from person_record;

    create temp table person_customer on commit drop as
    select customer_id from person_link
    union
    select a.canonical_id from core.identity_alias as a
    inner join person_id as p on a.record_id = p.record_id where a.kind = 'person';
"""

# What others have, too, tells nobody: whether a value is another's is asked of every other person, rep and company.
_VALUES = """
    with given as (
        select 'name' as kind, n.value
        from staging.customer as s
        inner join person_record as p using (source_table, source_id)
        cross join lateral (
            values
                (s.full_name),
                (concat_ws(' ', s.given_name, s.family_name)),
                (concat_ws(' ', s.family_name, s.given_name))
        ) as n (value)
        union
        select 'phone', s.phone from staging.customer as s inner join person_record as p using (source_table, source_id)
        union
        select case v.field when 'phone' then 'phone' else 'name' end, v.value
        from core.clean_version as c
        inner join person_id as p on c.kind = 'person' and c.record_id = p.record_id
        cross join lateral jsonb_each_text(c.fields) as v (field, value)
        where v.field in ('phone', 'full_name')
        union
        select 'name', o.customer_name
        from staging.order_line as o
        inner join person_email as e on lower(trim(o.customer_email)) = e.value
    ),

    other as (
        select
            concat_ws(' ', s.full_name, '|', s.given_name, s.family_name, '|', s.family_name, s.given_name) as name,
            s.phone
        from staging.customer as s
        where not exists (
            select from person_record as p where p.source_table = s.source_table and p.source_id = s.source_id
        )
        union
        select full_name, null from staging.rep
        union
        select name, phone from staging.company
        union
        select o.customer_name, null from staging.order_line as o
        where lower(trim(o.customer_email)) not in (select value from person_email)
    )

    select
        g.kind,
        trim(g.value),
        exists (
            select from other as o
            where
                (g.kind = 'name' and position(lower(trim(g.value)) in lower(o.name)) > 0)
                or (
                    g.kind = 'phone'
                    and right(regexp_replace(o.phone, '\\D', '', 'g'), 9)
                    = right(regexp_replace(g.value, '\\D', '', 'g'), 9)
                )
        )
    from (select distinct kind, value from given) as g
    where trim(g.value) <> ''
"""


def find_person(
    connection: psycopg.Connection, entities: Sequence[EntityTables], emails: Sequence[str], customer_ids: Sequence[str]
) -> Needles:
    """Note a person's records, keys, addresses, tickets and ids in temporary tables; returns what tells them in texts.

    Makes person_record (source_table, source_id), person_link, person_key and person_ticket (source, value),
    person_email (value), person_id (record_id) and person_customer (customer_id).

    :param connection: in the transaction of the erasure.
    :param entities: every entity that the warehouse has tables of.
    :param emails: addresses; who has one, linked or not, is the person.
    :param customer_ids: ids of customers, of today or of before.
    :raises ForgetError: when an address is of several customers, or the person is one of ours.
    """
    connection.execute("create temp table asked_email (email text) on commit drop")
    connection.execute("create temp table asked_customer (customer_id text) on commit drop")
    with connection.cursor() as cursor:
        cursor.executemany("insert into asked_email values (%s)", [(email.strip().lower(),) for email in emails])
        cursor.executemany("insert into asked_customer values (%s)", [(one.strip(),) for one in customer_ids])
    _refuse_ambiguous(connection)
    connection.execute(_RECORDS.encode())
    for tables in entities:
        if tables.feeds == "customer":
            _note_untyped(connection, tables)
    _refuse_staff(connection)
    connection.execute(_KEYS.encode())
    return _needles(connection)


def _refuse_ambiguous(connection: psycopg.Connection) -> None:
    connection.execute(
        "create temp table owner_of_email on commit drop as"
        " select a.email, l.customer_id from asked_email as a"
        " inner join staging.customer as s on lower(trim(s.email)) = a.email"
        " inner join core.customer_link as l"
        " on l.source = split_part(s.source_table, '__', 1) and l.record_key = s.source_id"
        " union select a.email, l.customer_id from asked_email as a"
        " inner join core.customer_link as l on l.record_key = 'email:' || a.email"
    )
    row = connection.execute(
        "select email, array_agg(customer_id order by customer_id) from owner_of_email"
        " where (select count(*) from asked_customer) = 0 group by email having count(*) > 1 limit 1"
    ).fetchone()
    if row:
        raise ForgetError(
            f"{row[0]} is the address of {len(row[1])} customers: {', '.join(row[1])}. Nobody was forgotten: look at "
            "them in core.dim_customer, and name the one, or each of them, with --customer-id."
        )


def _note_untyped(connection: psycopg.Connection, tables: EntityTables) -> None:
    """Records of theirs by the address that were never staged: they wait for it, or in quarantine."""
    emails = {row[0] for row in connection.execute("select value from person_email")}
    pattern = Needles(emails).anywhere
    if pattern is None:
        return
    rows = connection.execute(
        sql.SQL(
            "select r.source_id, r.payload::text from {} as r where r.payload::text ~* {}"
            " and not exists (select from {} as s where s.source_id = r.source_id)"
        ).format(tables.raw, sql.Literal(pattern), tables.staging)
    ).fetchall()
    found = set()
    for source_id, text in rows:
        if any(isinstance(value, str) and value.strip().lower() in emails for _, value in leaves(parse(text))):
            found.add(source_id)
    with connection.cursor() as cursor:
        cursor.executemany("insert into person_record values (%s, %s)", [(tables.name, one) for one in sorted(found)])


def _refuse_staff(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "select s.source_table from staging.customer as s inner join person_record as p using (source_table, source_id)"
        " where s.role = 'agent' union all"
        " select r.source_table from staging.rep as r inner join person_email as e on lower(trim(r.email)) = e.value"
        " limit 1"
    ).fetchone()
    if row:
        raise ForgetError(
            f"This is somebody of ours, an agent or a sales person in {row[0]}: who did what at work is not a "
            "customer's data, and is not erased by this command. Nothing was changed."
        )


def _needles(connection: psycopg.Connection) -> Needles:
    own = {row[0] for row in connection.execute("select value from person_email")}
    shared: set[str] = set()
    for kind, value, is_shared in connection.execute(_VALUES.encode()).fetchall():
        if kind == "phone":
            if len(re.sub(r"\D", "", value)) < LEAST_DIGITS:
                continue
        elif value.isascii() and " " not in value:
            is_shared = True  # one word is a name only where it is known whom the text is about
        if len(value) > 1:
            (shared if is_shared else own).add(value)
    return Needles(own, shared)
