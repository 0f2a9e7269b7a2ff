"""Keys compared with real sources: what is gone is marked, what was missed is landed, a broken list marks nothing."""

import itertools
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from include.ingest import Counts, IngestError, land_source, publish_day, stage_source
from include.settings import SQL
from include.sources import SourceConnection
from include.sources.config import Source
from include.sources.database import reader
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.landing import tables_of
from include.warehouse.migrations import migrate
from include.warehouse.tables import ensure
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import checksums, rows

DAY = Window.day("2026-11-22")
NEXT = Window.day("2026-11-23")
NIGHT = DAY.end + timedelta(hours=2)  # when the day's run reads


def people(kind: str = "database", how: dict | None = None, **sweep: Any) -> Source:
    """People with a time of change; named as the sandbox's, whose staging statement and suite they get."""
    entity = {"feeds": "customer", "id": "id", "version_at": "updated_at", "sweep": {"every_days": 1, **sweep},
              kind: how or {"table": "people", "changed_at": "updated_at"}}  # fmt: skip
    return Source.model_validate(
        {"name": "sandbox_site", "description": "People.", "kind": kind, "connection": "hr", "enabled": False,
         "entities": {"people": entity}}
    )  # fmt: skip


class People:
    """A table of people in a file."""

    def __init__(self, file: Path) -> None:
        self._database = (
            sqlite3.connect(file, autocommit=True) if False else sqlite3.connect(file, isolation_level=None)
        )
        self._database.execute("create table people (id text primary key, name text, email text, updated_at text)")
        self.connection = SourceConnection(database_url=f"sqlite:///{file}")

    def put(self, key: str, at: str, name: str = "Ada", email: str | None = None) -> None:
        values = (key, name, email or f"{key}@example.com", f"2026-11-{at}")
        self._database.execute("insert or replace into people values (?, ?, ?, ?)", values)

    def drop(self, *keys: str) -> None:
        for key in keys:
            self._database.execute("delete from people where id = ?", [key])


@pytest.fixture
def table(tmp_path: Path) -> People:
    """Six people, changed on the morning of the 21st."""
    table = People(tmp_path / "people.db")
    for key in "123456":
        table.put(key, "21 08:00:00")
    return table


def load(
    warehouse: Warehouse, source: Source, connection: SourceConnection, window: Window = DAY, now: datetime = NIGHT
) -> Counts:
    """What the day's run does, to core."""
    counts = land_source(warehouse, source, window, connection, now=now)
    counts += stage_source(warehouse, source, window)
    build_core(warehouse)
    return counts


def day_before(warehouse: Warehouse, table: People, source: Source | None = None) -> None:
    """The 21st, loaded in time."""
    window = Window.day("2026-11-21")
    load(warehouse, source or people(), table.connection, window, window.end + timedelta(hours=2))


def staged(warehouse: Warehouse) -> dict[str, tuple[str, bool]]:
    """Key → name and whether it is deleted, as the newest version in staging tells."""
    found = rows(
        warehouse,
        "select distinct on (source_id) source_id, full_name, is_deleted from staging.sandbox_site__people"
        " order by source_id, version_at desc, payload_hash desc",
    )
    return {key: (name, is_deleted) for key, name, is_deleted in found}


def alive(warehouse: Warehouse) -> str:
    return "".join(key for key, (_, is_deleted) in sorted(staged(warehouse).items()) if not is_deleted)


def loads(warehouse: Warehouse) -> list[tuple]:
    return rows(warehouse, "select kind, state, received, inserted, staged from ops.load order by load_id")


def test_what_is_gone_is_deleted_to_core_and_the_books_add_up(warehouse: Warehouse, table: People) -> None:
    day_before(warehouse, table)
    table.drop("2", "5")
    counts = load(warehouse, people(), table.connection)
    assert (counts.received, counts.inserted, counts.staged) == (2, 2, 2)
    # of the day before: the pull, and a comparison that found nothing missed and nothing gone
    assert loads(warehouse) == [
        ("pull", "staged", 6, 6, 6), ("sweep", "staged", 0, 0, 0), ("sweep", "staged", 0, 0, 0),
        ("pull", "staged", 0, 0, 0), ("sweep", "staged", 0, 0, 0), ("sweep", "staged", 2, 2, 2),
    ]  # fmt: skip
    assert alive(warehouse) == "1346"
    gone = rows(
        warehouse,
        "select source_id, version_at, payload ->> 'name', payload_hash = (select payload_hash from"
        " raw.sandbox_site__people as b where b.source_id = r.source_id and not is_gone)"
        " from raw.sandbox_site__people as r where is_gone order by 1",
    )
    assert gone == [(key, DAY.start, "Ada", True) for key in "25"]
    there = "select record_key from core.identity_record where not is_deleted order by 1"
    assert rows(warehouse, there) == [(key,) for key in "1346"]
    assert publish_day(warehouse, people(), DAY)


def test_again_finds_nothing_more(embedded_warehouse: Warehouse, table: People) -> None:
    day_before(embedded_warehouse, table)
    table.drop("2")
    load(embedded_warehouse, people(), table.connection)
    before = checksums(embedded_warehouse)
    for _ in range(2):
        assert load(embedded_warehouse, people(), table.connection).inserted == 0
    assert checksums(embedded_warehouse) == before


def test_a_record_that_changed_on_the_day_and_is_gone_since_is_gone(
    embedded_warehouse: Warehouse, table: People
) -> None:
    day_before(embedded_warehouse, table)
    table.put("2", "22 15:00:00", name="Bea")
    load(embedded_warehouse, people(), table.connection)
    table.drop("2")
    load(embedded_warehouse, people(), table.connection)
    assert staged(embedded_warehouse)["2"] == ("Bea", True)
    ((at,),) = rows(embedded_warehouse, "select version_at from raw.sandbox_site__people where is_gone")
    assert at == datetime(2026, 11, 22, 15, 0, 0, 1, tzinfo=UTC)


def test_a_record_that_is_there_again_is_there_again(warehouse: Warehouse, table: People) -> None:
    day_before(warehouse, table)
    table.drop("2", "3")
    load(warehouse, people(), table.connection)
    table.put("2", "21 08:00:00")  # as it was, its time of change included
    table.put("3", "21 09:00:00", name="Cleo")  # changed before it went, which no window had brought
    table.put("4", "22 20:00:00", name="Dora")
    counts = load(warehouse, people(), table.connection)
    assert alive(warehouse) == "123456"
    assert staged(warehouse)["3"] == ("Cleo", False) and staged(warehouse)["4"] == ("Dora", False)
    assert counts.inserted == 4  # Dora; Cleo, who was missed; 2 and 3 are back
    before = checksums(warehouse)
    load(warehouse, people(), table.connection)
    assert checksums(warehouse) == before
    # and gone again
    table.drop("2")
    load(warehouse, people(), table.connection)
    assert alive(warehouse) == "13456"


def test_a_record_of_which_raw_has_the_mark_alone_can_be_there_again(
    embedded_warehouse: Warehouse, table: People
) -> None:
    day_before(embedded_warehouse, table)
    table.drop("2", "3")
    load(embedded_warehouse, people(), table.connection)
    with embedded_warehouse.connect() as connection:  # old versions may leave raw, the newest stays
        connection.execute("delete from raw.sandbox_site__people where source_id in ('2', '3') and not is_gone")
    table.put("2", "21 08:00:00")
    load(embedded_warehouse, people(), table.connection)
    assert alive(embedded_warehouse) == "12456"
    assert staged(embedded_warehouse)["2"] == ("Ada", False)


def test_what_no_window_brought_is_landed_with_its_own_time(embedded_warehouse: Warehouse, table: People) -> None:
    day_before(embedded_warehouse, table)
    table.put("7", "20 08:00:00", name="Late")  # committed after its day was read
    table.put("1", "21 23:59:59", name="Changed")
    table.put("8", "23 01:00:00", name="Tomorrow")  # belongs to the next day
    counts = load(embedded_warehouse, people(), table.connection)
    assert (counts.received, counts.inserted, counts.staged) == (2, 2, 2)
    assert staged(embedded_warehouse)["7"] == ("Late", False) and staged(embedded_warehouse)["1"] == ("Changed", False)
    assert "8" not in staged(embedded_warehouse)
    ((at,),) = rows(embedded_warehouse, "select version_at from raw.sandbox_site__people where source_id = '7'")
    assert at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "settings", "says"),
    [
        (lambda table: table.drop(*"123456"), {"max_gone": 1}, "the list is empty, and 6 records are known"),
        (lambda table: table.drop(*"1234"), {}, "4 of 6 known records are gone, more than the 50%"),
        (lambda table: table.drop(*"12"), {"max_gone": 0.2}, "2 of 6 known records are gone, more than the 20%"),
    ],
)
def test_a_list_that_is_hard_to_believe_marks_nothing(
    embedded_warehouse: Warehouse, table: People, change: Any, settings: dict, says: str
) -> None:
    day_before(embedded_warehouse, table)
    change(table)
    source = people(**settings)
    if "empty" not in says:
        table.put("9", "20 08:00:00")
    with pytest.raises(IngestError, match=f"sandbox_site, people for 2026-11-22: {says}.*Nothing was marked"):
        land_source(embedded_warehouse, source, DAY, table.connection, now=NIGHT)
    stage_source(embedded_warehouse, source, DAY)
    # what was missed is there nevertheless
    assert alive(embedded_warehouse) == ("123456" if "empty" in says else "1234569")
    assert loads(embedded_warehouse)[-1][:2] == ("sweep", "failed")
    assert not publish_day(embedded_warehouse, source, DAY)
    ((detail,),) = rows(embedded_warehouse, "select detail from ops.source_day")
    assert says in detail
    # a person looks, and allows it
    if "empty" not in says:
        load(embedded_warehouse, people(max_gone=0.9), table.connection)
        assert publish_day(embedded_warehouse, source, DAY)


def test_half_of_the_records_may_go(embedded_warehouse: Warehouse, table: People) -> None:
    day_before(embedded_warehouse, table)
    table.drop(*"123")
    load(embedded_warehouse, people(), table.connection)
    assert alive(embedded_warehouse) == "456"


def test_only_a_fresh_window_compares_and_only_on_its_days(embedded_warehouse: Warehouse, table: People) -> None:
    day_before(embedded_warehouse, table)
    table.drop("2")
    # a backfill of the day, half a week later
    load(embedded_warehouse, people(), table.connection, DAY, DAY.end + timedelta(days=3))
    assert alive(embedded_warehouse) == "123456"
    # 22 November 2026 is day 739,942 of the calendar: 739942 = 7 * 105706
    for number in range(7):
        window = Window.day(DAY.first_day - timedelta(days=number))
        swept = len(rows(embedded_warehouse, "select 1 from ops.load where kind = 'sweep'"))
        load(embedded_warehouse, people(every_days=7), table.connection, window, window.end + timedelta(hours=2))
        found = len(rows(embedded_warehouse, "select 1 from ops.load where kind = 'sweep'")) - swept
        assert found == (2 if window.first_day.toordinal() % 7 == 0 else 0)
    assert alive(embedded_warehouse) == "13456"


def test_older_windows_that_come_later_do_not_bring_it_back(embedded: Databases, tmp_path: Path) -> None:
    table = People(tmp_path / "people.db")
    given = {"20": "A", "21": "B"}
    sums = []
    for order in itertools.permutations(["20", "21", "22"]):
        warehouse = embedded.warehouse()
        for day in order:
            # each window as it was read in its time; the 22nd is the one that compares
            table.put("1", f"{min(day, '21')} 08:00:00", name=given[min(day, "21")])
            table.put("2", "20 09:00:00")
            if day == "22":
                table.drop("1")
            window = Window.day(f"2026-11-{day}")
            source = people(max_gone=1)
            load(warehouse, source, table.connection, window, NIGHT if day == "22" else NIGHT + timedelta(days=9))
        if order[-1] == "22":
            sums.append(checksums(warehouse))
            assert alive(warehouse) == "2"
        else:  # what was not known then cannot be missed: the next comparison finds it
            load(warehouse, people(max_gone=1), SourceConnection(database_url=table.connection.database_url))
    assert len(sums) == 2 and sums[0] == sums[1]


def test_a_record_whose_last_version_is_in_quarantine_goes_too(embedded_warehouse: Warehouse, table: People) -> None:
    day_before(embedded_warehouse, table)
    table.put("2", "22 10:00:00", name="Bad", email="nowhere")
    load(embedded_warehouse, people(), table.connection)
    table.drop("2")
    load(embedded_warehouse, people(), table.connection)
    # the version that passed the rules tells of it: the bad one would have ended in quarantine again
    assert staged(embedded_warehouse)["2"] == ("Ada", True)
    assert rows(embedded_warehouse, "select count(*) from ops.quarantine") == [(1,)]


def test_keys_of_mysql_are_compared_and_of_a_table_read_whole(embedded_warehouse: Warehouse, mysql: str) -> None:
    server = sa.create_engine(mysql, poolclass=sa.NullPool)

    def run(statement: str) -> None:
        with server.begin() as connection:
            connection.execute(sa.text(statement))

    run("create table people (id int primary key, name text, email text)")
    count = reader.KEYS_A_PAGE * 2 + 10
    values = [{"id": n, "name": f"Ada {n}", "email": f"{n}@example.com"} for n in range(1, count + 1)]
    with server.begin() as connection:
        connection.execute(sa.text("insert into people values (:id, :name, :email)"), values)
    source = people(how={"table": "people", "full": True})
    whole = source.entities["people"].model_copy(update={"version_at": None})
    source = source.model_copy(update={"entities": {"people": whole}})
    from_mysql = SourceConnection(database_url=mysql)
    assert load(embedded_warehouse, source, from_mysql).inserted == count
    run("delete from people where id % 10 = 3")
    run("update people set name = 'Bea' where id = 1")
    gone = count // 10
    second = load(embedded_warehouse, source, from_mysql, NEXT, NEXT.end)
    assert (second.received, second.inserted) == (
        count,
        gone + 1,
    )  # count - gone rows, and a mark for each that is gone
    assert rows(embedded_warehouse, "select count(*) from raw.sandbox_site__people where is_gone") == [(gone,)]
    assert load(embedded_warehouse, source, from_mysql, NEXT, NEXT.end).inserted == 0
    # a table that is read whole brings a row back by itself
    run("insert into people values (3, 'Ada 3', '3@example.com')")
    later = Window.day("2026-11-24")
    assert load(embedded_warehouse, source, from_mysql, later, later.end).inserted == 1
    assert staged(embedded_warehouse)["3"] == ("Ada 3", False)


class Api:
    """People behind HTTP: the changed ones, the whole list, their ids alone, and some by their ids."""

    def __init__(self) -> None:
        self.people: dict[str, dict] = {}
        self.broken = False
        self.asked: list[str] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                body = json.dumps({"results": api.answer(url.path, parse_qs(url.query))}).encode()
                if api.broken and url.path == "/all":
                    body = body.replace(b'"results": [{', b'"results": [17, {')
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.connection = SourceConnection(f"http://127.0.0.1:{self._server.server_port}")

    def answer(self, path: str, query: dict[str, list[str]]) -> list[dict]:
        self.asked.append(path)
        if path == "/changed":
            (since,), (before,) = query["since"], query["before"]
            return [person for person in self.people.values() if since <= person["updated_at"] < before]
        if path == "/some":
            return [self.people[key] for key in query["ids"][0].split(",")]
        first = 2 * (int(query["page"][0]) - 1)
        found = list(self.people.values())[first : first + 2]
        return found if path == "/all" else [{"id": person["id"]} for person in found]

    def put(self, key: str, at: str) -> None:
        self.people[key] = {"id": key, "name": "Ada", "email": f"{key}@example.com", "updated_at": f"2026-11-{at}Z"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    for key in "12345":
        api.put(key, "21T08:00:00")
    yield api
    api.close()


def rest(path: str, **sweep: Any) -> Source:
    pull = {"request": {"path": "/changed", "params": {"since": "{window_start_iso}", "before": "{window_end_iso}"}},
            "records": "results"}  # fmt: skip
    whole = {"request": {"path": path, "params": {}}, "records": "results",
             "paging": {"kind": "page_number", "into": "params.page", "size": 2}}  # fmt: skip
    return people("rest", pull, rest=whole, **sweep)


BY_ID = {"request": {"path": "/some", "params": {"ids": "{ids}"}}, "batch": 2, "records": "results"}


@pytest.mark.parametrize(("path", "more"), [("/all", {}), ("/ids", {"fetch": BY_ID})], ids=["records", "ids"])
def test_an_api_is_compared_by_its_list_of_records_or_of_ids(
    embedded_warehouse: Warehouse, api: Api, path: str, more: dict
) -> None:
    source = rest(path, **more)
    before = Window.day("2026-11-21")
    load(embedded_warehouse, source, api.connection, before, before.end)
    del api.people["2"]
    for key in "678":
        api.put(key, "20T08:00:00")  # missed
    counts = load(embedded_warehouse, source, api.connection)
    assert (counts.received, counts.inserted, counts.staged) == (4, 4, 4)
    assert alive(embedded_warehouse) == "1345678"
    assert api.asked.count("/some") == (2 if more else 0)
    sums = checksums(embedded_warehouse)
    assert load(embedded_warehouse, source, api.connection).inserted == 0
    assert checksums(embedded_warehouse) == sums


def test_a_list_with_a_piece_that_cannot_be_read_marks_nothing(embedded_warehouse: Warehouse, api: Api) -> None:
    before = Window.day("2026-11-21")
    load(embedded_warehouse, rest("/all"), api.connection, before, before.end)
    del api.people["2"]
    api.broken = True
    with pytest.raises(IngestError, match="pieces of the list cannot be read"):
        land_source(embedded_warehouse, rest("/all"), DAY, api.connection, now=NIGHT)
    stage_source(embedded_warehouse, rest("/all"), DAY)
    assert alive(embedded_warehouse) == "12345"


def test_raw_tables_of_before_the_migration_get_the_mark(
    embedded: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SQL / "migrations", tmp_path / "migrations")
    later = [path for path in (tmp_path / "migrations").iterdir() if path.name >= "0010"]
    for path in later:
        path.unlink()
    warehouse, source = embedded.empty(), people()
    monkeypatch.setattr("include.warehouse.migrations.SQL", tmp_path)
    migrate(warehouse)
    with warehouse.connect(autocommit=True) as connection:
        ensure(connection, tables_of(source, source.entities["people"]))
        connection.execute("insert into raw.sandbox_site__people values ('1', now(), gen_random_uuid(), 1, null, '{}')")
    monkeypatch.setattr("include.warehouse.migrations.SQL", SQL)
    assert migrate(warehouse) == len(later)
    assert rows(warehouse, "select is_gone from raw.sandbox_site__people") == [(False,)]
    indexes = "select count(*) from pg_indexes where schemaname = 'raw' and indexdef like '%%WHERE is_gone'"
    assert rows(warehouse, indexes, []) == [(2,)]
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end)"
            " values ('a', 'b', 'sweep', now(), now()), ('a', 'b', 'replay', now(), now())"
        )
