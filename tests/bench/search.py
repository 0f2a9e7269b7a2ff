"""Made-up customers in a warehouse, and how long it takes to find one of them."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, product

import psycopg

from include.customers.golden import write_company_fill
from include.customers.search import search
from include.sandbox.names import FIRM_A, FIRM_B, SURNAMES, WORDS
from include.settings import SQL

# Names as common as in life: of a million, some 17,000 have the most common family name, 20,000 the given one.
GIVEN = [first + last for first, last in product(dict.fromkeys(chain(*WORDS.values())), ("", "a", "o", "ine"))]
FAMILY = [
    first + last
    for last, first in product(
        ("", "son", "berg", "ton", "well", "field", "stein", "mann", "ley", "man", "er", "wood", "ford", "quist"),
        dict.fromkeys(chain(*SURNAMES.values())),
    )
]
FIRMS = [f"{a} {b[0] if isinstance(b, tuple) else b}" for a, b in product(FIRM_A, FIRM_B)]

# a person a row: every fourth has a second record, of another source, with another address
PEOPLE = """
create table person as
select
    n,
    'crm:' || n as record_id,
    'c' || left(md5('crm:' || n), 16) as customer_id,
    (%(given)s::text[])[1 + floor(power(random(), 1.6) * cardinality(%(given)s::text[]))::integer] as given_name,
    (%(family)s::text[])[1 + floor(power(random(), 2) * cardinality(%(family)s::text[]))::integer] as family_name,
    1 + floor(power(random(), 1.5) * cardinality(%(firms)s::text[]))::integer as firm,
    '+4930' || lpad((n * 7919::bigint %% 100000000)::text, 8, '0') as phone
from generate_series(1, %(people)s) as n
"""
RECORDS = """
create table record as
select *, 'crm' as source, n::text as record_key,
    replace(mart.search_words(given_name || '.' || family_name), ' ', '') || n || '@' || firm || '.example' as email
from person
union all
select n, 'desk:' || n, customer_id, left(given_name, 1) || '.', family_name, firm, phone, 'desk', n::text,
    replace(mart.search_words(family_name), ' ', '') || n || '@post.example'
from person where n %% 4 = 0
"""
CORE = """
insert into core.customer_link select source, record_key, record_id, customer_id from record;
insert into core.identity_alias (canonical_id, kind, record_id)
select 'c' || left(md5(record_id), 16), 'person', record_id from record;
insert into core.clean_version (kind, record_id, version_at, payload_hash, source, record_key, is_deleted, is_staff,
    given, fields, codes)
select 'person', record_id, '2026-01-01Z'::timestamptz + (n % 300) * interval '1 day', md5(record_id)::uuid, source,
    record_key, false, false, told, told, '{}'
from (
    select *, jsonb_build_object('full_name', given_name || ' ' || family_name, 'email', email, 'phone', phone) as told
    from record
) as r;
insert into core.identity_record (kind, record_id, source, record_key, is_deleted, matching)
select 'person', record_id, source, record_key, false, jsonb_build_object('given_key', mart.search_words(given_name),
    'family_key', mart.search_words(family_name), 'email_key', email, 'phone', phone)
from record;
alter table core.dim_customer drop constraint no_overlap_of_customer;
insert into core.dim_customer (customer_id, valid_from, is_current, full_name, given_name, family_name, email, phone,
    company_id, first_seen_at, is_deleted, given_by)
select customer_id, '2026-01-01Z', true, given_name || ' ' || family_name, given_name, family_name, email, phone,
    'o' || firm, '2026-01-01Z', false,
    jsonb_build_object('full_name', record_id, 'email', record_id, 'phone', record_id)
from record where source = 'crm';
insert into core.fct_deal (source, deal_id, amount, currency, owner_key, customer_key, first_seen_at, is_deleted)
select 'crm', n, n % 1000, case when n % 50 = 0 then 'EUR' else 'USD' end, 'r', 1 + n * 7 % people, '2026-02-01Z', false
from people, generate_series(1, people / 2) as n;
insert into core.fct_ticket (source, ticket_id, requester_key, status, created_at, is_deleted)
select 'desk', n, 4 * (1 + n % (people / 4)), 'solved', '2026-03-01Z', false
from people, generate_series(1, people / 2) as n;
insert into core.fct_activity (source, activity_type, activity_id, customer_key, occurred_at, is_deleted)
select 'crm', 'calls', n, 1 + n * 3 % people, '2026-03-01Z'::timestamptz + (n % 200) * interval '1 day', false
from people, generate_series(1, people) as n;
insert into core.fct_order_line (source, order_id, line_no, ordered_at, customer_key, amount, currency)
select 'crm', n, 1, '2026-04-01Z', 1 + n * 11 % people, 10, 'USD'
from people, generate_series(1, people) as n;
analyze core.customer_link, core.clean_version, core.identity_record, core.dim_customer, core.dim_company,
    core.fct_deal, core.fct_ticket, core.fct_activity, core.fct_order_line, core.identity_alias;
"""


@dataclass(frozen=True)
class Timed:
    """Seconds of searches of one kind: the median and the 95th percentile, and how many found whom they should."""

    kind: str
    median: float
    percentile_95: float
    found: int
    searches: int


def fill(connection: psycopg.Connection, people: int) -> dict[str, float]:
    """Fill an empty warehouse with so many customers, a quarter of them of two records, and build their marts.

    :returns: mart → seconds that it took to build.
    """
    names = {"given": GIVEN, "family": FAMILY, "firms": FIRMS, "people": people}
    connection.execute("select setseed(0.5)")
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(PEOPLE, names)
    cursor.execute(RECORDS.replace("%%", "%").encode())
    cursor.execute("create table people as select count(*)::integer as people from person")
    cursor.execute(
        "insert into core.dim_company (company_id, valid_from, is_current, name, domain, country, city,"
        " first_seen_at, is_deleted, given_by) select 'o' || n, '2026-01-01Z', true, firm, n || '.example', 'DE',"
        " 'Berlin', '2026-01-01Z', false, '{}' from unnest(%s::text[]) with ordinality as f (firm, n)",
        [FIRMS],
    )
    connection.execute(CORE.encode())
    connection.commit()
    seconds = {}
    for mart in ("customer_order", "customer_360", "customer_search", "customer_search again"):
        started = time.perf_counter()
        write_company_fill(connection)
        connection.execute((SQL / "mart" / f"{mart.removesuffix(' again')}.sql").read_bytes())
        connection.commit()
        seconds[mart] = time.perf_counter() - started
    connection.autocommit = True
    connection.execute("vacuum analyze mart.customer_360, mart.customer_search")
    connection.autocommit = False
    return seconds


def measure(connection: psycopg.Connection, searches: int) -> list[Timed]:
    """Search for customers of the warehouse that `fill` filled, so many of each kind, and see whether they come."""
    dice = random.Random(4)
    kinds: dict[str, Callable[[dict], str]] = {
        "id": lambda p: p["customer_id"],
        "record": lambda p: p["record_id"],
        "e-mail": lambda p: p["email"].upper(),
        "telephone": lambda p: f"{p['phone'][:3]} {p['phone'][3:5]} / {p['phone'][5:9]} {p['phone'][9:]}",
        "part of a number": lambda p: f"0{p['phone'][3:]}",
        "name": lambda p: f"{p['given_name']} {p['family_name']}",
        "family name": lambda p: p["family_name"],
        "beginnings of a name": lambda p: f"{p['given_name'][:3]} {p['family_name'][:4]}",
        "name and company": lambda p: f"{p['family_name']} {FIRMS[p['firm'] - 1].split()[0]}",
        "company": lambda p: FIRMS[p["firm"] - 1],
        "misspelt name": lambda p: f"{p['given_name']} {_misspelt(p['family_name'], dice)}",
        "nobody's e-mail": lambda p: f"{_misspelt(p['family_name'], dice)}.{p['given_name']}@{p['firm']}.example",
        "nobody's name": lambda p: f"{p['given_name'][::-1]}x {p['family_name'][::-1]}q",
    }
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    row = cursor.execute("select max(n) as most from person").fetchone()
    assert row
    chosen = [dice.randint(1, row["most"]) for _ in range(searches)]
    people = cursor.execute(
        "select p.*, r.email from person as p inner join record as r on p.n = r.n and r.source = 'crm'"
        " where p.n = any(%s)",
        [chosen],
    ).fetchall()
    timed = []
    for kind, text in kinds.items():
        times, found = [], 0
        for person in people:
            started = time.perf_counter()
            hits = search(connection, text(person), 20)
            times.append(time.perf_counter() - started)
            found += person["customer_id"] in [hit.customer_id for hit in hits]
        timed.append(Timed(kind, statistics.median(times), statistics.quantiles(times, n=20)[-1], found, len(people)))
    return timed


def _misspelt(name: str, dice: random.Random) -> str:
    """Two letters after the first in each other's place."""
    place = dice.randint(1, max(len(name) - 2, 1))
    return name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
