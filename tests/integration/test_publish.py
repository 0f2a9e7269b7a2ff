"""Publishing to real servers: the same rows there as here, again and again, or the target as it was."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql as mysql_types

from include.publish import targets
from include.publish.config import Publication
from include.publish.publish import Published, PublishError, publish
from include.warehouse.connection import Warehouse
from tests.bench.search import fill
from tests.conftest import Databases

TEXTS = [
    "",
    " ",
    "a",
    "A",
    "a ",
    "ä",
    "快乐的客户",
    "🙂👩‍👩‍👧‍👦",
    'it\'s "quoted" \\ `%s` %',
    "tab\tline\nend\r",
    "\\N",
]


@pytest.fixture(scope="module", params=["mysql", "postgres"])
def there(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A database of each kind, to publish to."""
    url = request.getfixturevalue(request.param).replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def here(embedded: Databases) -> Warehouse:
    """A warehouse with a schema for what is published."""
    warehouse = embedded.empty()
    run(warehouse, "create schema mart")
    return warehouse


def run(warehouse: Warehouse, *statements: str) -> None:
    with warehouse.connect() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def publication(to: str, **more: Any) -> Publication:
    table = {} if "query" in more else {"table": "mart.customer_360"}
    return Publication.model_validate({"connection": "shop", "to": to, "key": "customer_id", **table, **more})


def send(warehouse: Warehouse, engine: sa.Engine, what: Publication) -> Published:
    return publish(warehouse, "customers", what, engine.url.render_as_string(hide_password=False))


def rows(engine: sa.Engine, statement: str) -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def write(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def checksum(found: list[tuple]) -> str:
    """Of rows in whatever order: of what Python knows of their values, not of how a server writes them."""
    texts = sorted(json.dumps([str(value).rstrip("0").rstrip(".") for value in row]) for row in found)
    return f"{len(texts)} {hashlib.sha256(json.dumps(texts).encode()).hexdigest()}"


def customers(warehouse: Warehouse, count: int = 5_000) -> None:
    """Customers with texts that are often bent."""
    run(
        warehouse,
        "drop table if exists mart.customer_360",
        "create table mart.customer_360 (customer_id text primary key, full_name text, amount numeric(14, 2),"
        " tickets bigint, first_seen_at timestamptz, born_on date)",
    )
    with warehouse.connect() as connection, connection.cursor().copy("copy mart.customer_360 from stdin") as copy:
        for number in range(count):
            name = f"{TEXTS[number % len(TEXTS)]} {number}"
            copy.write_row(
                (
                    f"c{number}",
                    name,
                    f"{number}.{number % 100:02d}",
                    number,
                    f"2026-11-20 08:00:{number % 60}.5+02",
                    "2000-02-29",
                )
            )


SAME = "select customer_id, full_name, amount, tickets, born_on from"


def test_the_same_rows_are_there_and_again_changes_nothing(
    here: Warehouse, there: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "BYTES_A_STATEMENT", 20_000)  # many statements
    customers(here)
    assert send(here, there, publication("customers")) == Published(5_000, 5_000, 0, 0)
    with here.connect() as connection:
        wanted = connection.execute(f"{SAME} mart.customer_360".encode()).fetchall()
    assert checksum(rows(there, f"{SAME} customers")) == checksum(wanted)
    instants = rows(there, "select first_seen_at from customers where customer_id = 'c7'")
    assert str(instants[0][0]).startswith("2026-11-20 06:00:07.500000")  # in UTC
    assert send(here, there, publication("customers")) == Published(5_000, 0, 0, 0)
    run(
        here,
        "delete from mart.customer_360 where tickets % 10 = 3",
        "update mart.customer_360 set amount = 1 where tickets = 1",
        "insert into mart.customer_360 (customer_id) values ('new'), ('c1 '), ('C1')",
    )
    assert send(here, there, publication("customers")) == Published(4_503, 3, 1, 500)
    with here.connect() as connection:
        wanted = connection.execute(f"{SAME} mart.customer_360".encode()).fetchall()
    assert checksum(rows(there, f"{SAME} customers")) == checksum(wanted)
    assert send(here, there, publication("customers")) == Published(4_503, 0, 0, 0)


def same(value: Any) -> Any:
    """A value of either server as Python compares it: instants in UTC without their zone, JSON as what it says."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def test_golden_customers_are_equal_in_both_row_by_row_and_column_by_column(
    embedded: Databases, there: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "BYTES_A_STATEMENT", 50_000)  # many statements
    warehouse = embedded.warehouse()
    with warehouse.connect() as connection:
        fill(connection, 400)
        for place, text in enumerate(TEXTS):
            connection.execute(
                "update mart.customer_360 set full_name = %s, given_by = jsonb_build_object('full_name', %s::text),"
                " sources = array['crm', %s], open_amount = %s / 3.0, birth_date = '1970-01-01'"
                " where customer_id = (select customer_id from mart.customer_360 order by 1 offset %s limit 1)",
                [text, text, text, place, place],
            )
    what = publication("golden", table="mart.customer_360")
    assert send(warehouse, there, what) == Published(400, 400, 0, 0)
    with warehouse.connect() as connection:
        cursor = connection.execute("select * from mart.customer_360")
        assert cursor.description
        names = [column.name for column in cursor.description]
        wanted = {row[0]: dict(zip(names, map(same, row), strict=True)) for row in cursor}
    with there.connect() as connection:
        result = connection.execute(sa.text("select * from golden"))
        assert list(result.keys()) == names
        found = {row[0]: dict(zip(names, map(same, row), strict=True)) for row in result}
    assert found.keys() == wanted.keys()
    for customer_id, row in wanted.items():
        for name, value in row.items():
            assert found[customer_id][name] == value, (customer_id, name)
    assert any(row["filled_from"] for row in wanted.values()) and any(row["won_amount"] == 0 for row in found.values())
    # a second time nothing is changed, and what is gone here goes there
    assert send(warehouse, there, what) == Published(400, 0, 0, 0)
    run(warehouse, f"delete from mart.customer_360 where customer_id = '{min(wanted)}'")  # noqa: S608
    assert send(warehouse, there, what) == Published(399, 0, 0, 1)


def test_naughty_strings_are_the_same_there(here: Warehouse, there: sa.Engine, real_data: Path) -> None:
    strings = [*json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8")), *TEXTS]
    kept = [text for text in strings if "\x00" not in text]
    run(here, "drop table if exists mart.naughty", "create table mart.naughty (place integer primary key, said text)")
    with here.connect() as connection, connection.cursor().copy("copy mart.naughty from stdin") as copy:
        for place, text in enumerate(kept):
            copy.write_row((place, text))
    send(here, there, publication("naughty", table="mart.naughty", key="place"))
    assert sorted(rows(there, "select place, said from naughty")) == list(enumerate(kept))


def test_every_type_is_there_without_loss(here: Warehouse, there: sa.Engine) -> None:
    query = """select 'k'::text as customer_id, true as flag, 32767::smallint as small, 9223372036854775807 as big,
        12345678901234567890.123456789::numeric as number, 0.10::numeric(10, 2) as price, 0.1::float8 as share,
        1.1234567::real as single, '1000-01-01'::date as day, '2026-11-20 08:00:00.123456+02'::timestamptz as "at",
        '9999-12-31 23:59:59.999999'::timestamp as wall, '23:59:59.999999'::time as clock,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, '{"a":  1.10}'::json as doc,
        '{"b": ["快", null]}'::jsonb as docb, array['x', 'y,z', null] as words, array[1, 2] as numbers,
        '\\x00ff27'::bytea as bytes, '1 mon'::interval as span, int4range(1, 5) as span_of,
        null::text as nothing, 'a'::character(3) as padded, 'x' as "100% `odd\""""
    what = publication("types", query=query)
    assert send(here, there, what).inserted == 1
    assert send(here, there, what) == Published(1, 0, 0, 0)
    (row,) = rows(there, "select * from types")
    found = dict(zip(("customer_id", "flag", "small", "big", "number", "price", "share", "single", "day", "at", "wall",
                      "clock", "id", "doc", "docb", "words", "numbers", "bytes"), row, strict=False))  # fmt: skip
    assert (bool(found["flag"]), found["small"], found["big"]) == (True, 32767, 9223372036854775807)
    assert str(found["number"]).rstrip("0") == "12345678901234567890.123456789" and str(found["price"]) == "0.10"
    assert (found["share"], round(found["single"], 7)) == (0.1, 1.1234567)
    assert str(found["day"]) == "1000-01-01" and str(found["wall"]) == "9999-12-31 23:59:59.999999"
    assert str(found["at"]).removesuffix("+00:00") == "2026-11-20 06:00:00.123456"
    assert str(found["clock"]).endswith("23:59:59.999999") and bytes(found["bytes"]) == b"\x00\xff'"
    assert str(found["id"]) == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    for name, value in (("doc", {"a": 1.1}), ("docb", {"b": ["快", None]}), ("words", ["x", "y,z", None])):
        assert (json.loads(found[name]) if isinstance(found[name], str) else found[name]) == value
    assert row[-3] is None and row[-1] == "x"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select * from mart.nowhere", "does not exist"),
        ("select customer_id, full_name from mart.customer_360 union all values ('c1', 'twice')", "[Dd]uplicate"),
        ("select customer_id, (1 / (tickets - 4000))::text as full_name from mart.customer_360", "division by zero"),
        ("select customer_id, full_name from mart.customer_360 where false", "there is nothing to publish"),
        ("select customer_id, full_name, 1 as more from mart.customer_360", "it has no column more"),
        ("select customer_id from mart.customer_360", "it has the column full_name, which is not published"),
        ("select full_name from mart.customer_360", "key: customer_id is no column of what is published: full_name"),
    ],
)
def test_what_fails_leaves_the_target_as_it_was(here: Warehouse, there: sa.Engine, query: str, says: str) -> None:
    customers(here)
    good = "select customer_id, full_name from mart.customer_360 where tickets < 10"
    write(there, "drop table if exists kept")
    send(here, there, publication("kept", query=good))
    before = rows(there, "select * from kept order by customer_id")
    with pytest.raises(PublishError, match=f"publication customers, table kept of shop: .*{says}"):
        send(here, there, publication("kept", query=query))
    assert rows(there, "select * from kept order by customer_id") == before
    if "zero" in says:
        with pytest.raises(PublishError, match=says):
            send(here, there, publication("fresh", query=query))
        assert "fresh" not in sa.inspect(there).get_table_names()


def test_a_batch_that_fails_in_the_midst_takes_back_those_before_it(
    here: Warehouse, there: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "BYTES_A_STATEMENT", 5_000)
    write(there, "drop table if exists half", "create table half (customer_id varchar(20) primary key, share integer)",
          "insert into half values ('before', 1)")  # fmt: skip
    query = "select n::text as customer_id, case when n < 9000 then n else 9223372036854775807 end as share"
    with pytest.raises(PublishError, match=r"(?i)out of range"):
        send(here, there, publication("half", query=f"{query} from generate_series(1, 10000) as n"))
    assert rows(there, "select * from half") == [("before", 1)]


def test_a_table_that_is_there_keeps_its_own_types_and_must_have_the_key(here: Warehouse, there: sa.Engine) -> None:
    query = "select 'k' as customer_id, 1.50::numeric as amount, '2026-11-20 08:00+02'::timestamptz as seen_at"
    write(there, "drop table if exists own, keyless",
          "create table own (amount float, seen_at timestamp, customer_id varchar(20) primary key)",
          "create table keyless (customer_id varchar(20), amount float, seen_at timestamp)")  # fmt: skip
    assert send(here, there, publication("own", query=query)).inserted == 1
    assert send(here, there, publication("own", query=query)) == Published(1, 0, 0, 0)
    assert rows(there, "select customer_id, amount from own") == [("k", 1.5)]
    with pytest.raises(PublishError, match="its primary key is none, not customer_id"):
        send(here, there, publication("keyless", query=query))


def test_mysql_rounds_nothing_and_has_to_have_transactions(here: Warehouse, mysql: str) -> None:
    there = sa.create_engine(mysql, poolclass=sa.NullPool)
    write(
        there,
        "create table coarse (customer_id varchar(20) primary key, amount decimal(10, 2)) engine = InnoDB",
        "create table plain (customer_id varchar(20) primary key, amount decimal(10, 2)) engine = MyISAM",
    )
    with pytest.raises(PublishError, match=r"would not keep a value as it is: .*amount"):
        send(here, there, publication("coarse", query="select 'k' as customer_id, 1.234 as amount"))
    assert rows(there, "select * from coarse") == []
    with pytest.raises(PublishError, match="its engine is MyISAM, which has no transactions"):
        send(here, there, publication("plain", query="select 'k' as customer_id, 1.23 as amount"))


def test_keys_of_several_columns_and_tables_of_nothing_but_keys(here: Warehouse, there: sa.Engine) -> None:
    query = "select (n % 7)::text as a, n as b, 'z' as c from generate_series(1, 100) as n"
    what = publication("pairs", query=query, key=["a", "b", "c"])
    assert send(here, there, what) == Published(100, 100, 0, 0)
    assert send(here, there, what) == Published(100, 0, 0, 0)
    if there.dialect.name == "mysql":
        (kind,) = [c["type"] for c in sa.inspect(there).get_columns("pairs") if c["name"] == "a"]
        assert isinstance(kind, mysql_types.VARCHAR) and kind.length and kind.length >= 200


def test_an_address_that_does_not_open_is_said_without_its_password(here: Warehouse, mysql: str) -> None:
    customers(here, 1)
    for url, says in (
        (
            sa.make_url(mysql).set(username="nobody", password="hush hush"),
            "cannot be reached or written: Access denied",
        ),
        (sa.URL.create("sqlite", database="/hush"), "not one of MySQL or PostgreSQL"),
    ):
        with pytest.raises(PublishError, match=says) as caught:
            publish(here, "customers", publication("customers"), url.render_as_string(hide_password=False))
        assert "hush" not in str(caught.value)
