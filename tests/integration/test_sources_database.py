"""The database reader against real servers: MariaDB or MySQL, PostgreSQL, and SQLite."""

import base64
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql as mysql_types

from include.sources import SourceConnection, SourceError, compare, read
from include.sources.config import Source
from include.sources.database import reader
from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.staging import stage
from include.window import Window

DAY = Window.day("2026-11-20")


def source(database: dict, *, id: Any = "id", version_at: str | None = None, **more: Any) -> Source:
    """A source with one entity, ``things``."""
    entity = {"feeds": "deal", "id": id, "version_at": version_at, "database": database}
    if "sweep" in more:
        entity["sweep"] = more.pop("sweep")
    values = {"name": "shop", "description": "A shop.", "kind": "database", "connection": "shop", "enabled": False}
    return Source.model_validate({**values, **more, "entities": {"things": entity}})


def pages(url: str, made: Source, window: Window = DAY) -> list[Page]:
    found = list(read(made, made.entities["things"], window, SourceConnection(database_url=url)))
    assert all(json.loads(text) == row for page in found for text, row in zip(page.texts, page.rows, strict=True))
    return found


def rows(url: str, made: Source, window: Window = DAY) -> list[dict]:
    found = pages(url, made, window)
    assert [bad for page in found for bad in page.unreadable] == []
    return [row for page in found for row in page.rows]


@pytest.fixture(scope="module", params=["mysql", "postgres", "sqlite"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("shop") / "shop.db"
        file.touch()
        url = f"sqlite:///{file}"
    else:
        url = request.getfixturevalue(request.param).replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def address(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def fill(engine: sa.Engine, table: sa.Table, values: list[dict]) -> None:
    """A table made anew with these rows."""
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        if values:
            connection.execute(table.insert(), values)


def changes(name: str) -> sa.Table:
    """A table of things with a key that wants quoting and a time of change."""
    moment = sa.DateTime().with_variant(mysql_types.DATETIME(fsp=6), "mysql", "mariadb")
    columns = sa.Column("order", sa.Integer, primary_key=True), sa.Column("Changed at", moment)
    return sa.Table(name, sa.MetaData(), *columns)


def test_a_window_takes_its_start_and_not_its_end_and_lateness_widens_it(shop: sa.Engine) -> None:
    last = datetime(2026, 11, 20, 23, 59, 59, 999999)
    moments = [datetime(2026, 11, 19, 21, 59, 59), datetime(2026, 11, 19, 22), datetime(2026, 11, 19, 23, 59, 59),
               datetime(2026, 11, 20), last, datetime(2026, 11, 21), None]  # fmt: skip
    fill(shop, changes("My things"), [{"order": n, "Changed at": moment} for n, moment in enumerate(moments, 1)])
    database = {"table": "My things", "changed_at": "Changed at"}
    exact = source(database, id="order", version_at="Changed at")
    assert [row["order"] for row in rows(address(shop), exact)] == [4, 5]
    late = source(database, id="order", version_at="Changed at", lateness="2h")
    assert [row["order"] for row in rows(address(shop), late)] == [2, 3, 4, 5]


def test_a_query_is_bounded_by_a_column_or_by_its_placeholders(shop: sa.Engine) -> None:
    moments = [datetime(2026, 11, 19, 8), datetime(2026, 11, 20, 8), datetime(2026, 11, 21, 8)]
    fill(shop, changes("queried"), [{"order": n, "Changed at": moment} for n, moment in enumerate(moments, 1)])
    quote = shop.dialect.identifier_preparer.quote
    order, changed = quote("order"), quote("Changed at")
    text = f"select {order} as n, {changed} as t, '12:30' as u, 7 % 4 as v, ':n' as w from queried"  # noqa: S608
    wrapped = source({"query": f"{text};", "changed_at": "t"}, id="n", version_at="t")
    filled = f"{text} where {changed} >= {{window_start}} and {changed} < {{window_end}} and {order} < {{window_end_s}}"
    for made in (wrapped, source({"query": filled}, id="n", version_at="t")):
        (row,) = rows(address(shop), made)
        assert (row["n"], row["u"], int(row["v"]), row["w"]) == (2, "12:30", 3, ":n")


def test_all_rows_come_in_pages_and_few_are_held(shop: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    table = sa.Table("many", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
    fill(shop, table, [{"id": n, "text": "x" * 1_000} for n in range(1, 40_001)])
    made = source({"table": "many", "full": True})
    found, most = 0, 0
    tracemalloc.start()
    for page in read(made, made.entities["things"], DAY, SourceConnection(database_url=address(shop))):
        found += len(page.rows)
        most = max(most, len(page.rows))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found, most) == (40_000, 1_000)
    assert peak < 25_000_000  # the rows are 40 MB; two pages of them are held, the one that is made and the one before
    monkeypatch.setattr(reader, "BYTES_A_PAGE", 50_000)
    assert max(len(page.rows) for page in pages(address(shop), made)[1:]) <= 50


def test_nothing_is_read_from_an_empty_table(shop: sa.Engine) -> None:
    fill(shop, changes("empty"), [])
    assert pages(address(shop), source({"table": "empty", "full": True}, id="order")) == []


def test_naughty_strings_come_through_unchanged(
    shop: sa.Engine, embedded_warehouse: Warehouse, real_data: Path
) -> None:
    strings = json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    kept = [text for text in strings if shop.dialect.name != "postgresql" or "\x00" not in text]
    table = sa.Table(
        "naughty", sa.MetaData(), sa.Column("order_id", sa.Integer, primary_key=True), sa.Column("line", sa.Integer),
        *(sa.Column(name, sa.Text) for name in ("customer_name", "product", "country")), mysql_charset="utf8mb4",
    )  # fmt: skip
    texts = [{"customer_name": text, "product": text, "country": text} for text in kept]
    fill(shop, table, [{"order_id": n, "line": 1, **values} for n, values in enumerate(texts, 1)])
    made = source({"table": "naughty", "full": True}, id="order_id")
    assert sorted(rows(address(shop), made), key=lambda row: row["order_id"]) == [
        {"order_id": n, "line": 1, **values} for n, values in enumerate(texts, 1)
    ]
    # and to the other end: raw, then staging, by the statement and the suite of the sandbox's orders
    whole = source(
        {"query": "select naughty.*, '2026-11-20' as ordered_at, 1 as quantity, 1 as unit_price, 'EUR' as currency"
         " from naughty", "full": True},
        id=["order_id", "line"],
    )  # fmt: skip
    entity = whole.entities["things"].model_copy(update={"name": "orders", "feeds": "order_line"})
    orders = whole.model_copy(update={"name": "sandbox_orders", "entities": {"orders": entity}})
    land(embedded_warehouse, orders, entity, DAY, pages(address(shop), whole))
    assert stage(embedded_warehouse, orders, entity, DAY).staged == len([text for text in kept if "\x00" not in text])
    with embedded_warehouse.connect() as connection:
        staged = connection.execute(
            "select order_key::integer, customer_name, product_name, country from staging.sandbox_orders__orders"
        ).fetchall()
    assert sorted(staged) == [(n, text, text, text) for n, text in enumerate(kept, 1) if "\x00" not in text]


@pytest.mark.parametrize(
    ("database", "says"),
    [
        ({"table": "nowhere", "full": True}, r"nowhere.*\(nowhere of shop\)\. Check database:"),
        ({"query": "select 1 as id, 2 as id", "full": True}, "two columns of the name id"),
        ({"query": "select 1 as id_, 2 as name", "full": True}, "no column id; there are id_, name"),
        ({"query": "select 1 as id, 17 as t", "changed_at": "t"}, r"(holds no times|operator does not exist)"),
        ({"query": "delete from written", "full": True}, r"(?i)read.?only|does not return rows|syntax error"),
    ],
)
def test_what_cannot_be_read_is_said(shop: sa.Engine, database: dict, says: str) -> None:
    fill(shop, changes("written"), [{"order": 1, "Changed at": None}])
    made = source(database, version_at=database.get("changed_at"))
    with pytest.raises(SourceError, match=says):
        rows(address(shop), made)
    assert len(rows(address(shop), source({"table": "written", "full": True}, id="order"))) == 1


def test_an_address_that_does_not_open_is_said_without_its_password(mysql: str, tmp_path: Path) -> None:
    made = source({"table": "things", "full": True})
    server = sa.make_url(mysql)
    wrong: list[tuple[sa.URL | str, str]] = [
        (server.set(username="nobody", password="hush hush"), "cannot be reached: Access denied"),
        (server.set(port=1, password="hush hush"), "cannot be reached: Can't connect"),
        (server.set(drivername="mysql+nothing", password="hush hush"), "the driver is not there"),
        (sa.URL.create("postgresql", "u", "hush hush", "127.0.0.1", 1), "cannot be reached: connection failed"),
        (sa.URL.create("sqlite", database=str(tmp_path / "no.db")), "there is no file"),
        ("hush hush", "is not one of a database"),
        ("", 'Add "driver" to the extra of the connection shop'),
    ]
    for url, says in wrong:
        text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        with pytest.raises(SourceError, match=says) as caught:
            rows(text, made)
        assert "hush" not in str(caught.value)
    assert not (tmp_path / "no.db").exists()
    assert "hush" not in repr(SourceConnection(database_url="mysql://u:hush@h/d"))


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_every_type_of_mysql_comes_without_loss(mysql: str) -> None:
    run(
        mysql,
        "set sql_mode = '', time_zone = '+02:00'",
        "create table types (id bigint unsigned primary key, amount decimal(65, 30), f double, flag tinyint(1),"
        " bits bit(64), dt datetime(6), ts timestamp(3) null, d date, t time(2), y year, b blob, j json,"
        " e enum('a', 'b'), s set('x', 'y'), word varchar(9), zero datetime, zero_day date)",
        "insert into types values (18446744073709551615,"
        " 12345678901234567890123456789012345.123456789012345678901234567890, 0.1, 2, ~0, '2026-11-20 08:00:00.123456',"
        " '2026-11-20 08:00:00.5', '2026-11-20', '-838:59:59', 2026, x'00ff', '{\"a\": 1.10}', 'b', 'x,y',"
        " '快🙂\\0', '0000-00-00', '2026-00-00')",
        "insert into types (id) values (1)",
    )
    nothing, row = sorted(rows(mysql, source({"table": "types", "full": True})), key=lambda row: row["id"])
    assert row == {
        "id": 2**64 - 1,
        "amount": "12345678901234567890123456789012345.123456789012345678901234567890",
        "f": 0.1,
        "flag": 2,
        "bits": 2**64 - 1,
        "dt": "2026-11-20T08:00:00.123456",
        "ts": "2026-11-20T06:00:00.500Z",  # an instant: what the session's zone was does not matter
        "d": "2026-11-20",
        "t": "-838:59:59.00",
        "y": 2026,
        "b": base64.b64encode(b"\x00\xff").decode(),
        "j": row["j"],
        "e": "b",
        "s": "x,y",
        "word": "快🙂\x00",
        "zero": "0000-00-00 00:00:00",
        "zero_day": "2026-00-00",
    }
    # MariaDB's JSON is a text, MySQL's is JSON
    assert row["j"] in ('{"a": 1.10}', {"a": 1.1})
    assert nothing == dict.fromkeys(row) | {"id": 1}


def test_times_without_a_zone_are_of_the_zone_that_is_named(mysql: str) -> None:
    run(
        mysql,
        "set time_zone = '+00:00'",
        "create table zones (id int primary key, dt datetime, ts timestamp null)",
        # 20 November in Berlin is from 23:00 UTC to 23:00 UTC
        "insert into zones values (1, '2026-11-20 00:00', '2026-11-19 23:00'),"
        " (2, '2026-11-20 23:59', '2026-11-20 22:59'), (3, '2026-11-21 00:00', '2026-11-20 23:00')",
    )
    day = Window(datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC))
    for column in ("dt", "ts"):
        made = source({"table": "zones", "changed_at": column, "timezone": "Europe/Berlin"}, version_at=column)
        found = rows(mysql, made, day)
        assert [row["id"] for row in found] == [1, 2]
        assert found[0]["dt"] == "2026-11-20T00:00:00+01:00" and found[0]["ts"] == "2026-11-19T23:00:00Z"


def test_every_type_of_postgres_comes_without_loss(postgres: str) -> None:
    run(
        postgres,
        "create schema shop; create type shop.mood as enum ('glad')",
        'create table shop."Types" (id bigint primary key, n numeric, f double precision, flag boolean, ts timestamp,'
        " tz timestamptz, d date, t time, span interval, b bytea, j json, jb jsonb, words text[], nested bytea[],"
        " u uuid, m shop.mood, r int4range, bits bit(3))",
        """insert into shop."Types" values (1, '123456789012345678901234567890.10', 'NaN', true,
        '2026-11-20 08:00:00.5', '2026-11-20 08:00:00+02', '2026-11-20', '24:00', '1 mon 3 days 04:05', '\\x00ff',
        '{"a":1.10,  "b":"\\ud800"}', '{"a": 12345678901234567890.10}', '{"a,b",null}', '{"\\\\x00ff"}',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'glad', '[1,5)', '101')""",
        """insert into shop."Types" (id, ts, tz, d, n, f) values (2, 'infinity', '-infinity', '0044-03-15 BC', 'NaN',
        '-Infinity')""",
    )
    (page,) = pages(postgres, source({"table": "shop.Types", "full": True}))
    assert json.loads(page.texts[0]) == {
        "id": 1,
        "n": "123456789012345678901234567890.10",
        "f": "NaN",
        "flag": True,
        "ts": "2026-11-20T08:00:00.5",
        "tz": "2026-11-20T06:00:00+00:00",
        "d": "2026-11-20",
        "t": "24:00:00",
        "span": "1 mon 3 days 04:05:00",
        "b": "AP8=",
        "j": {"a": 1.1, "b": "\ud800"},
        "jb": {"a": 12345678901234567890.10},
        "words": ["a,b", None],
        "nested": ["AP8="],
        "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "m": "glad",
        "r": "[1,5)",
        "bits": "101",
    }
    # JSON keeps its very characters: no digit is lost
    assert b'"j":{"a":1.10,  "b":"\\ud800"}' in page.texts[0] and b'{"a": 12345678901234567890.10}' in page.texts[0]
    endless = json.loads(page.texts[1])
    assert (endless["ts"], endless["tz"], endless["d"]) == ("infinity", "-infinity", "0044-03-15 BC")
    assert (endless["n"], endless["f"]) == ("NaN", "-Infinity")
    day = source({"table": "shop.Types", "changed_at": "tz", "timezone": "Europe/Berlin"}, version_at="tz")
    assert [(row["ts"], row["tz"]) for row in rows(postgres, day)] == [
        ("2026-11-20T08:00:00.500000+01:00", "2026-11-20T06:00:00+00:00")
    ]


def test_the_rows_of_missed_keys_are_fetched_whatever_the_key(shop: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    table = sa.Table(
        "keyed", sa.MetaData(), sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("b", sa.String(20), primary_key=True), sa.Column("c", sa.Numeric(10, 2)), sa.Column("d", sa.DateTime),
    )  # fmt: skip
    values = [{"a": n // 2, "b": f"it's {n}", "c": n / 2, "d": datetime(2026, 11, 20, n % 24)} for n in range(2_000)]
    fill(shop, table, values)
    monkeypatch.setattr(reader, "KEYS_A_FETCH", 7)
    for id, version in ((["a", "b"], "d"), ("b", None)):
        made = source({"table": "keyed", "full": True}, id=id, version_at=version, sweep={"every_days": 1})
        listed: list[dict] = []

        def missed(page: Page, listed: list[dict] = listed) -> list[int]:
            places = [place for place, row in enumerate(page.rows) if int(row["b"].split()[-1]) % 100 == 3]
            listed += page.rows
            return places

        found = list(compare(made, made.entities["things"], DAY, SourceConnection(database_url=address(shop)), missed))
        # the keys alone are listed, and the rows of those that were missed are whole
        assert len(listed) == 2_000 and set(listed[0]) == {
            *([id] if isinstance(id, str) else id),
            *([version] if version else []),
        }
        got = sorted(row["b"] for page in found for row in page.rows)
        assert got == sorted(f"it's {n}" for n in range(3, 2_000, 100))
        assert all(set(row) == {"a", "b", "c", "d"} for page in found for row in page.rows)


def test_a_key_of_bytes_or_of_a_uuid_is_fetched_too(mysql: str, postgres: str) -> None:
    run(
        mysql,
        "create table octets (id binary(4) primary key)",
        "insert into octets values (x'00ff00ff'), (x'00ff0001')",
    )
    run(postgres, "create table uuids (id uuid primary key)", "insert into uuids values (gen_random_uuid())")
    for url, table, count in ((mysql, "octets", 2), (postgres, "uuids", 1)):
        made = source({"table": table, "full": True}, sweep={"every_days": 1})
        connection = SourceConnection(database_url=url)
        found = list(compare(made, made.entities["things"], DAY, connection, lambda page: range(len(page.rows))))
        assert sum(len(page.rows) for page in found) == count
