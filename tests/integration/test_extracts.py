"""Extracts: what Tableau's own engine reads out of the files is what the marts have; and they are published."""

import json
import math
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest
import tableauserverclient as tsc
from psycopg import sql
from typer.testing import CliRunner

from include import cli
from include.extracts import columns, config, hyper, make
from include.extracts import tableau as publishing
from include.extracts.config import Extract, load_extracts
from include.extracts.errors import ExtractError, NoEngineError
from include.extracts.make import Made, Manifest, make_extracts
from include.settings import CONFIG, SQL
from include.warehouse.connection import Warehouse
from tests.bench.search import fill
from tests.conftest import Databases
from tests.tableau_server import Tableau, serving

TEXTS = [
    "",
    " ",
    "a ",
    "快乐的客户",
    "🙂👩‍👩‍👧‍👦",
    'it\'s "quoted", \\ `%s` %',
    "tab\tline\nend\r",
    "\\N",
    "\\.",
    "null",
]
pytestmark = pytest.mark.skipif(hyper.pantab is None, reason="there is no engine of Tableau's here: Linux on ARM")
DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(20)]


@pytest.fixture(scope="module")
def built(embedded: Databases) -> Warehouse:
    """A warehouse with 400 customers, of bent names, and twenty days of sales."""
    warehouse = embedded.warehouse()
    with warehouse.connect() as connection:
        fill(connection, 400)
        for place, text in enumerate(TEXTS):
            connection.execute(
                "update mart.customer_360 set full_name = %s, sources = array['crm', %s], open_amount = %s / 3.0,"
                " birth_date = '1850-01-01' where customer_id ="
                " (select customer_id from mart.customer_360 order by 1 offset %s limit 1)",
                [text, text, place, place],
            )
        for day in DAYS:
            sales(connection, day, 10)
    return warehouse


def sales(connection: psycopg.Connection, day: date, deals: int) -> None:
    """A day of mart.sales_pipeline_daily, built now."""
    connection.execute("delete from mart.sales_pipeline_daily where day_on = %s", [day])
    connection.execute(
        "insert into mart.sales_pipeline_daily (day_on, source, currency, stage_name, open_deals, amount,"
        " weighted_amount)"
        " select %s, 'crm', currency, 'Qualifié 快', %s, 0.1, 0.05 from unnest(array['EUR', 'USD']) as c (currency)",
        [day, deals],
    )
    connection.execute(
        "insert into ops.mart_day (subject, day_on, is_stale, built_at) values ('sales', %s, false, clock_timestamp())"
        " on conflict (subject, day_on) do update set built_at = clock_timestamp()",
        [day],
    )


def extract(query: str, **more: Any) -> Extract:
    return Extract.model_validate({"query": query, "key": "k", **more})


def read(file: Path, what: str = 'select * from "Extract"."Extract"') -> list[dict[str, Any]]:
    """What Tableau's engine reads."""
    return hyper.run(file, what)


def asked(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_delivered_extracts_are_the_marts_row_by_row_and_column_by_column(built: Warehouse, tmp_path: Path) -> None:
    made = {one.name: one for one in make_extracts(built, folder=tmp_path)}
    assert set(made) == set(load_extracts().extracts)
    for name, delivered in load_extracts().extracts.items():
        assert delivered.table
        with built.connect() as connection:
            statement = sql.SQL("select * from {}").format(sql.Identifier(*delivered.table.split(".")))
            cursor = connection.execute(statement)
            assert cursor.description
            names = [column.name for column in cursor.description]
            wanted = {
                tuple(row[key] for key in delivered.keys): row
                for row in (dict(zip(names, values, strict=True)) for values in cursor)
            }
            # the key is what the table's own is
            key = connection.execute(
                "select array_agg(a.attname::text order by k.n) from pg_constraint as c"
                " cross join unnest(c.conkey) with ordinality as k (attnum, n)"
                " inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum"
                " where c.contype = 'p' and c.conrelid = %s::regclass",
                [delivered.table],
            ).fetchone()
        assert key and set(key[0]) == set(delivered.keys), name
        found = {tuple(row[key] for key in delivered.keys): row for row in read(tmp_path / f"{name}.hyper")}
        assert made[name].rows == len(found) == len(wanted), name
        for of, row in wanted.items():
            assert list(found[of]) == names
            for column, value in row.items():
                assert same(found[of][column], value), (name, of, column)
    assert made["customers"].rows == 400 and made["sales_pipeline_daily"].rows == 40


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Decimal) and isinstance(found, float):
        return found == float(wanted)
    if isinstance(wanted, datetime):  # tests run in UTC as the business time zone
        return found == wanted.astimezone(UTC).replace(tzinfo=None)
    if isinstance(wanted, list):
        return found == ", ".join(wanted)
    if isinstance(wanted, dict):
        return json.loads(found) == wanted
    return found == wanted


def test_sums_nulls_and_texts_of_customers_are_the_marts(built: Warehouse, tmp_path: Path) -> None:
    make_extracts(built, ["customers"], folder=tmp_path)
    figures = "count(*) as n, count(phone) as phones, count(birth_date) as births, sum(records) as records"
    ((rows, phones, births, records, amount),) = asked(
        built,
        f"select {figures}, sum(open_amount)::float8 from mart.customer_360",  # noqa: S608
    )
    (found,) = read(tmp_path / "customers.hyper", f"select {figures}, sum(open_amount) as amount from {hyper.NAME}")  # noqa: S608
    amounts = found.pop("amount")
    assert found == {"n": rows, "phones": phones, "births": births, "records": int(records)} and births >= 10
    assert math.isclose(amounts, amount, rel_tol=1e-12)
    names = {row["full_name"] for row in read(tmp_path / "customers.hyper")}
    assert set(TEXTS) <= names
    manifest = Manifest.of(tmp_path / "customers.hyper")
    assert manifest and manifest.key == ["customer_id"]
    told = {column["name"]: column for column in manifest.columns}
    assert told["phone"]["description"] == "telephone number, E.164" and told["records"]["type"] == "int64"


def test_every_type_keeps_its_value(built: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "TIMEZONE", ZoneInfo("Asia/Shanghai"))
    query = """select 1 as k, true as flag, 32767::smallint as small, 2147483647 as whole,
        9223372036854775807 as big, '123456789012345.123'::numeric(18, 3) as exact, 0.1::numeric as share,
        12345678901234567890.5::numeric(30, 2) as large, 1.5::real as single, 0.1::float8 as double,
        '0001-01-01'::date as first, '1850-06-01'::date as old, '9999-12-31'::date as last,
        '2026-11-20 23:30:00.123456+00'::timestamptz as at, '1850-01-01 00:00:00.5'::timestamp as wall,
        array['x', null, '快'] as words, '{"b": [1]}'::jsonb as doc, 'a'::character(3) as padded,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, '\\x00ff'::bytea as bytes, '1 mon'::interval as span,
        'x' as "100% `odd"" 快"
        union all select 2, false, -1, -1, -1, 'NaN'::numeric(18, 3), 'NaN', -1, 'NaN', 'Infinity',
        'infinity', '-infinity', '4000-01-01 BC', 'infinity', '-infinity', '{}', 'null', '', null, null, null, ''
        union all select 3, null, null, null, null, null::numeric(18, 3), 'Infinity', null, '-Infinity', 'NaN',
        null, null,
        '10000-01-01', '0001-01-01 00:00:00+00', null, null, null, null, null, null, null, null"""
    made = make.make(built, "types", extract(query), folder=tmp_path)
    one, two, three = sorted(read(made.path), key=lambda row: row["k"])
    assert one == {
        "k": 1, "flag": True, "small": 32767, "whole": 2147483647, "big": 9223372036854775807,
        "exact": Decimal("123456789012345.123"), "share": 0.1, "large": 12345678901234567890.5, "single": 1.5,
        "double": 0.1, "first": date(1, 1, 1), "old": date(1850, 6, 1), "last": date(9999, 12, 31),
        # half past eleven in London is half past seven of the next day in Shanghai
        "at": datetime(2026, 11, 21, 7, 30, 0, 123456), "wall": datetime(1850, 1, 1, 0, 0, 0, 500000),
        "words": "x, 快", "doc": '{"b": [1]}', "padded": "a", "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "bytes": "\\x00ff", "span": "1 mon", '100% `odd" 快': "x",
    }  # fmt: skip
    # no numbers, and no days that Tableau has: null. An empty text is a text.
    nothing = {name: two[name] for name in ("exact", "share", "single", "double", "first", "old", "last", "at", "wall")}
    assert set(nothing.values()) == {None}
    assert (two["words"], two["doc"], two["padded"], two["flag"], two["big"]) == ("", "null", "", False, -1)
    assert {name for name, value in three.items() if value is not None} == {"k", "at"}
    assert three["at"] == datetime(1, 1, 1, 8, 5, 43)  # Shanghai's local mean time
    types = {column["name"]: column["type"] for column in json.loads((tmp_path / "types.json").read_text())["columns"]}
    assert types["exact"] == "decimal128(18, 3)" and types["share"] == types["large"] == "double"
    assert (types["flag"], types["first"], types["at"]) == ("bool", "date32[day]", "timestamp[us]")


def test_no_row_and_a_column_of_nothing(built: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    made = make.make(built, "none", extract("select 1 as k, 'x' as t where false"), folder=tmp_path)
    assert (made.rows, read(made.path)) == (0, [])
    made = make.make(built, "one", extract("select k from generate_series(1, 3) as k -- three"), folder=tmp_path)
    assert [row["k"] for row in read(made.path)] == [1, 2, 3]
    made = make.make(built, "long", extract("select 1 as k, repeat('快', 5000000) as t"), folder=tmp_path)
    assert [len(row["t"]) for row in read(made.path)] == [5_000_000]
    assert not list(Path.cwd().iterdir())  # the engine leaves no log


def table(of: Made) -> list[tuple]:
    return sorted((row["day_on"], row["currency"], row["open_deals"]) for row in read(of.path))


def test_an_incremental_extract_writes_the_days_that_were_built_since(embedded: Databases, tmp_path: Path) -> None:
    warehouse = embedded.warehouse()

    def made(full: bool = False) -> Made:
        (one,) = make_extracts(warehouse, ["sales_pipeline_daily"], folder=tmp_path, full=full)
        wanted = asked(warehouse, "select day_on, currency, open_deals from mart.sales_pipeline_daily order by 1, 2")
        assert table(one) == wanted and one.rows == len(wanted)
        return one

    with warehouse.connect() as connection:
        for day in DAYS[:10]:
            sales(connection, day, 1)
    assert (made().mode, made().written) == ("full", 0)
    before = (tmp_path / "sales_pipeline_daily.hyper").read_bytes()
    assert made().mode == "incremental" and (tmp_path / "sales_pipeline_daily.hyper").read_bytes() == before
    with warehouse.connect() as connection:
        sales(connection, DAYS[3], 7)  # told anew
        sales(connection, DAYS[10], 2)  # new
        connection.execute("delete from mart.sales_pipeline_daily where day_on = %s", [DAYS[5]])  # without rows now
        connection.execute("update ops.mart_day set built_at = clock_timestamp() where day_on = %s", [DAYS[5]])
    assert made().written == 4
    assert made().written == 0
    # written whole: when asked to, when its file was touched, when it is another one, when nothing is known of it
    assert made(full=True).written == 20
    with (tmp_path / "sales_pipeline_daily.hyper").open("ab") as file:
        file.write(b"x")
    assert made().mode == "full"
    (tmp_path / "sales_pipeline_daily.json").write_text("{")
    assert made().mode == "full"
    assert made().mode == "incremental"
    other = (
        load_extracts()
        .extracts["sales_pipeline_daily"]
        .model_copy(update={"table": None, "query": "select *, 1 as more from mart.sales_pipeline_daily"})
    )
    assert make.make(warehouse, "sales_pipeline_daily", other, folder=tmp_path).mode == "full"


def test_days_of_instants_are_business_days(
    embedded: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "TIMEZONE", ZoneInfo("Asia/Shanghai"))
    warehouse = embedded.warehouse()
    hourly = extract(
        "select hour_at as k, created_tickets as tickets from mart.service_volume_hourly", mode="incremental", day="k"
    )
    with warehouse.connect() as connection:
        connection.execute(
            "insert into mart.service_volume_hourly (hour_at, source, channel, created_tickets,"
            " customer_messages, agent_replies) select"
            " '2026-11-01 00:00+08'::timestamptz + n * interval '1 hour', 'desk', 'mail', n, 0, 0"
            " from generate_series(0, 71) as n"
        )
        connection.execute("insert into ops.mart_day (subject, day_on, is_stale) select 'service',"
                           " '2026-11-01'::date + n, false from generate_series(0, 2) as n")  # fmt: skip
    assert make.make(warehouse, "hourly", hourly, folder=tmp_path).written == 72
    with warehouse.connect() as connection:
        connection.execute("update mart.service_volume_hourly set created_tickets = 100")
        connection.execute("update ops.mart_day set built_at = clock_timestamp() where day_on = '2026-11-02'")
    made = make.make(warehouse, "hourly", hourly, folder=tmp_path)
    assert (made.mode, made.written, made.rows) == ("incremental", 24, 72)
    changed = sorted(row["k"] for row in read(made.path) if row["tickets"] == 100)
    assert (changed[0], changed[-1]) == (datetime(2026, 11, 2, 0), datetime(2026, 11, 2, 23))


@pytest.mark.parametrize(
    ("query", "more", "says"),
    [
        ("select * from mart.nowhere", {}, 'relation "mart.nowhere" does not exist'),
        ("select k, 1 / (k - 300000) as x from generate_series(1, 300000) as k", {}, "division by zero"),
        ("select 1 as k union all select 1", {}, "a key (k) is there twice"),
        (
            "select nullif(k, 1) as k, repeat('x', 200) as t from generate_series(1, 100000) as k",
            {},
            "k is part of the key, and null in a row",
        ),
        ("select 1 as j", {}, "key: k is no column of it; there are j"),
        ("select 1 as k, 2 as x, 3 as x", {}, "two columns have the name x"),
        ("select 1 as k", {"mode": "incremental", "day": "k"}, "day: k is neither a date nor a time, but integer"),
        ("select 1 as k; drop schema mart", {}, "syntax error"),
    ],
)
def test_what_fails_leaves_the_file_as_it_was(
    built: Warehouse, tmp_path: Path, query: str, more: dict[str, str], says: str
) -> None:
    made = make.make(built, "kept", extract("select 1 as k, '快' as t"), folder=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ExtractError) as caught:
        make.make(built, "kept", extract(query, **more), folder=tmp_path)
    assert says in str(caught.value) and str(caught.value).startswith("extract kept: ")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert read(made.path) == [{"k": 1, "t": "快"}]


def test_a_key_that_is_there_twice_is_seen_in_days_that_are_added(embedded: Databases, tmp_path: Path) -> None:
    warehouse = embedded.warehouse()
    query = "select day_on as k, amount from mart.sales_pipeline_daily where currency = 'EUR' or open_deals > 1"
    what = extract(query, mode="incremental", day="k")
    with warehouse.connect() as connection:
        sales(connection, DAYS[0], 1)
    make.make(warehouse, "twice", what, folder=tmp_path)
    with warehouse.connect() as connection:
        sales(connection, DAYS[1], 2)
    with pytest.raises(ExtractError, match=r"a key \(k\) is there twice"):
        make.make(warehouse, "twice", what, folder=tmp_path)
    assert [row["k"] for row in read(tmp_path / "twice.hyper")] == [DAYS[0]]


def test_the_command_makes_extracts_and_says_what_is_wrong_in_a_line(
    built: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.local import services

    monkeypatch.setattr(services, "warehouse", lambda: built)
    monkeypatch.setattr("include.settings.EXTRACTS", tmp_path)
    told = CliRunner().invoke(cli.app, ["extract", "customers", "sales_pipeline_daily"])
    assert told.exit_code == 0, told.output
    assert "400 rows" in told.output and "40 written (full)" in told.output and " MB " in told.output
    told = CliRunner().invoke(cli.app, ["extract", "customers", "--json"])
    (made,) = json.loads(told.output)
    assert made["rows"] == 400 and made["path"] == str(tmp_path / "customers.hyper")
    with pytest.raises(ExtractError, match=r"^custmers is no extract of .*extracts.yaml, which has customers, "):
        make_extracts(built, ["custmers"], folder=tmp_path)
    monkeypatch.setattr(hyper, "pantab", None)
    with pytest.raises(NoEngineError, match="not installed here: there is none for Linux on ARM"):
        make_extracts(built, folder=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"table": "mart.deal", "query": "select 1"}, "one of them"),
        ({"table": "mart.deal; drop"}, "pattern"),
        ({"table": "mart.deal", "mode": "incremental"}, "go together"),
        ({"table": "mart.deal", "day": "day_on"}, "go together"),
        ({"table": "mart.deal", "publish": "append"}, "append is for mode: incremental"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Extract.model_validate({"key": "k", **wrong})


# Publishing


@pytest.fixture
def tableau() -> Iterator[Tableau]:
    with serving() as server:
        yield server


@pytest.fixture
def server(tableau: Tableau) -> Iterator[tsc.Server]:
    """Signed in."""
    server = tsc.Server(tableau.url)
    server.use_server_version()
    with server.auth.sign_in(tsc.TableauAuth("robot", "right")):
        yield server


def rows_of(content: bytes, folder: Path) -> int:
    (folder / "sent.hyper").write_bytes(content)
    return hyper.count(folder / "sent.hyper")


def test_a_data_source_is_created_in_its_project_and_replaced(
    built: Warehouse, tableau: Tableau, server: tsc.Server, tmp_path: Path
) -> None:
    what = extract("select k, '快' as t from generate_series(1, 5) as k")
    make.make(built, "five", what, folder=tmp_path)
    assert publishing.publish(server, "CRM & Co", "five", what, tmp_path) == "5 rows created"
    assert list(tableau.projects.values()) == ["default", "CRM & Co"]
    assert tableau.source("five").files == [(tmp_path / "five.hyper").read_bytes()]
    more = extract("select k, '快' as t from generate_series(1, 6) as k")
    make.make(built, "five", more, folder=tmp_path)
    assert publishing.publish(server, "CRM & Co", "five", more, tmp_path) == "6 rows replaced"
    assert [rows_of(one, tmp_path) for one in tableau.source("five").files] == [6]
    assert len(tableau.projects) == 2 and any("overwrite=true" in one for one in tableau.asked)
    once = what.model_copy(update={"publish": "create"})
    assert publishing.publish(server, "CRM & Co", "five", once, tmp_path) == "is there already, and left alone"
    make.make(built, "new", what, folder=tmp_path)
    assert publishing.publish(server, "CRM & Co", "new", once, tmp_path) == "5 rows created"
    never = what.model_copy(update={"publish": "none"})
    assert "not published" in publishing.publish(server, "CRM & Co", "other", never, tmp_path)


def test_a_large_file_is_sent_in_parts(
    built: Warehouse, tableau: Tableau, server: tsc.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSC_FILESIZE_LIMIT_MB", "1")
    monkeypatch.setenv("TSC_CHUNK_SIZE_MB", "1")
    large = extract("select k, md5(k::text) as t from generate_series(1, 100000) as k")
    made = make.make(built, "large", large, folder=tmp_path)
    assert made.megabytes > 2
    publishing.publish(server, "default", "large", large, tmp_path)
    assert tableau.source("large").files == [made.path.read_bytes()]
    sent = [one for one in tableau.asked if one.startswith("PUT") and "fileUploads" in one]
    assert len(sent) == math.ceil(made.path.stat().st_size / 2**20)
    assert any("uploadSessionId=" in one for one in tableau.asked)


def test_append_sends_later_days_once_and_the_whole_when_an_answer_was_lost(
    embedded: Databases, tableau: Tableau, server: tsc.Server, tmp_path: Path
) -> None:
    warehouse = embedded.warehouse()
    what = load_extracts().extracts["sales_pipeline_daily"].model_copy(update={"publish": "append"})

    def day(number: int) -> str:
        with warehouse.connect() as connection:
            sales(connection, DAYS[number], number)
        make.make(warehouse, "days", what, folder=tmp_path)
        return publishing.publish(server, "default", "days", what, tmp_path)

    assert day(0) == "2 rows created"
    assert publishing.publish(server, "default", "days", what, tmp_path) == (
        "has no day after 2026-11-01: nothing to append"
    )
    assert day(1) == "2 rows appended"
    assert day(2) == "2 rows appended"
    assert [rows_of(one, tmp_path) for one in tableau.source("days").files] == [2, 2, 2]
    tableau.loses_answer_to = "append=true"
    with pytest.raises(ExtractError, match="data source days: Tableau did not take it"):
        day(3)
    assert len(tableau.source("days").files) == 4  # Tableau has them, and nobody here knows
    assert publishing.publish(server, "default", "days", what, tmp_path) == "8 rows replaced"
    assert [rows_of(one, tmp_path) for one in tableau.source("days").files] == [8]
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_refresh_waits_for_tableaus_job(tableau: Tableau, server: tsc.Server, tmp_path: Path, built: Warehouse) -> None:
    what = extract("select 1 as k")
    own = what.model_copy(update={"publish": "refresh"})
    with pytest.raises(ExtractError, match="has no data source of this name in the project to refresh"):
        publishing.publish(server, "default", "own", own, tmp_path)
    make.make(built, "own", what, folder=tmp_path)
    publishing.publish(server, "default", "own", what, tmp_path)
    assert publishing.publish(server, "default", "own", own, tmp_path).startswith("refreshed in")
    tableau.refresh_fails = True
    with pytest.raises(ExtractError, match="data source own: Tableau's job failed: the warehouse refused"):
        publishing.publish(server, "default", "own", own, tmp_path)


def test_a_file_that_is_not_there_or_was_touched_is_not_published(
    server: tsc.Server, tmp_path: Path, built: Warehouse
) -> None:
    what = extract("select 1 as k")
    with pytest.raises(ExtractError, match=r"one.hyper is not there, or was touched by someone: ./crm extract one"):
        publishing.publish(server, "default", "one", what, tmp_path)
    make.make(built, "one", what, folder=tmp_path).path.write_bytes(b"something else")
    with pytest.raises(ExtractError, match="was touched by someone"):
        publishing.publish(server, "default", "one", what, tmp_path)


# The DAG's steps


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: Warehouse) -> Path:
    """Two extracts, and a folder for them; the connection to the warehouse is there."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "extracts.yaml").write_text(
        "extracts:\n  customers: {table: mart.customer_360, key: customer_id}\n"
        "  days: {query: 'select 1 as k', key: k, publish: none}\n"
    )
    folder = tmp_path / "extracts"
    monkeypatch.setattr(config, "CONFIG", tmp_path / "config")
    monkeypatch.setattr("include.settings.EXTRACTS", folder)
    monkeypatch.setenv("AIRFLOW_CONN_CRM_WAREHOUSE", built.url)
    return folder


def test_steps_write_files_and_publish_them_where_there_is_a_connection(
    few: Path, tableau: Tableau, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from plugins.operators.extract import MakeExtractsOperator, PublishExtractsOperator

    step = MakeExtractsOperator(task_id="write", day="")
    assert step.execute({}) == {"customers": 400, "days": 1}
    with pytest.raises(AirflowSkipException, match="A past day's rows are written by the next fresh day"):
        MakeExtractsOperator(task_id="write_past", day="2020-01-01").execute({})
    publish = PublishExtractsOperator(task_id="publish")
    with pytest.raises(AirflowSkipException, match=f"There is no connection tableau, so extracts are files in {few}"):
        publish.execute({})
    address = {"conn_type": "tableau", "schema": "http", "host": tableau.url.removeprefix("http://")}
    for who in ({"login": "robot", "password": "right"},
                {"login": "nightly", "password": "secret-token", "extra": {"auth": "pat"}}):  # fmt: skip
        monkeypatch.setenv("AIRFLOW_CONN_TABLEAU", json.dumps(address | who))
        assert publish.execute({})["days"] == "not published, as extracts.yaml says"
        assert tableau.source("customers").files == [(few / "customers.hyper").read_bytes()]
        assert not tableau.sessions  # signed out
    assert "CRM Autopilot" in tableau.projects.values()
    monkeypatch.setattr(hyper, "pantab", None)
    with pytest.raises(AirflowSkipException, match="not installed here: there is none for Linux on ARM"):
        step.execute({})


def test_one_extract_that_fails_keeps_none_of_the_others(few: Path, built: Warehouse) -> None:
    (config.CONFIG / "extracts.yaml").write_text(
        "extracts:\n  bad: {table: mart.nowhere, key: k}\n  good: {query: 'select 1 as k', key: k}\n"
    )
    with pytest.raises(ExtractError, match=r"^extract bad: relation .* does not exist\. Its file is as it was\.$"):
        make_extracts(built, folder=few)
    assert read(few / "good.hyper") == [{"k": 1}]


def test_the_delivered_file_is_read() -> None:
    assert config.CONFIG == CONFIG
    assert {"customers", "deals", "tickets", "sales_pipeline_daily", "service_backlog_daily"} <= set(
        load_extracts().extracts
    )
    assert columns.arrow_type("numeric(14,2)") == columns.arrow_type("numeric(14, 2)")


# Other tools


def test_a_login_in_the_readers_role_reads_marts_and_nothing_else(warehouse: Warehouse) -> None:
    login = f"crm_test_{uuid.uuid4().hex[:12]}"
    name = sql.Identifier(login)
    with warehouse.connect() as connection:
        connection.execute("create table mart.later (k integer)")  # made after the migration
        connection.execute(sql.SQL("create role {} login password 'reads' in role crm_reader").format(name))
    parts = urlsplit(warehouse.url)
    url = urlunsplit(parts._replace(netloc=f"{login}:reads@{parts.hostname}:{parts.port}"))
    try:
        with psycopg.connect(url) as connection:
            for told in ("customer_360", "later", "sales_velocity", "reminder"):
                told_by = connection.execute(sql.SQL("select count(*) from mart.{}").format(sql.Identifier(told)))
                assert told_by.fetchone() == (0,)
            for refused in (
                "select 1 from core.dim_customer", "select 1 from raw.template", "select 1 from ops.load",
                "select 1 from staging.deal", "insert into mart.later values (1)", "delete from mart.customer_360",
                "truncate mart.later", "create table mart.mine (k integer)", "drop table mart.later",
                "create schema mine",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(refused.encode())
    finally:
        with warehouse.connect() as connection:
            connection.execute(sql.SQL("drop role {}").format(name))


def test_whoever_may_not_make_roles_still_migrates(embedded: Databases) -> None:
    """With the role made by someone else, or without it."""
    text = (SQL / "migrations" / "0028.reader-role.sql").read_text()
    login = sql.Identifier(f"crm_test_{uuid.uuid4().hex[:12]}")
    with embedded.empty().connect() as connection:
        connection.execute(sql.SQL("create role {} nologin").format(login))
        connection.execute(sql.SQL("grant create on database {} to {}").format(
            sql.Identifier(connection.info.dbname), login))  # fmt: skip
        connection.execute(sql.SQL("set role {}").format(login))
        connection.execute("create schema mart")
        connection.execute("create table mart.some (k integer)")
        notices: list[str | None] = []
        connection.add_notice_handler(lambda told: notices.append(told.message_primary))
        connection.execute(text.replace("crm_reader", "crm_reader_of_nobody").encode())
        assert notices == [f"crm_reader_of_nobody is not made: {login.as_string()[1:-1]} may not create roles"]
        connection.execute(text.encode())  # the embedded server has it: made by the template's migration
        granted = connection.execute("select has_table_privilege('crm_reader', 'mart.some', 'select')").fetchone()
        assert granted == (True,) and len(notices) == 1
        connection.rollback()


def test_many_databases_make_the_role_at_once(embedded: Databases) -> None:
    text = (SQL / "migrations" / "0028.reader-role.sql").read_text()
    role = f"crm_test_{uuid.uuid4().hex[:12]}"
    databases = [embedded.empty() for _ in range(6)]

    def migrated(warehouse: Warehouse) -> bool:
        with warehouse.connect() as connection:
            connection.execute("create schema mart")
            connection.execute(text.replace("crm_reader", role).encode())
            row = connection.execute("select has_schema_privilege(%s, 'mart', 'usage')", [role]).fetchone()
        return bool(row and row[0])

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(migrated, databases))
