"""Files into the warehouse: each once, any order and size of windows gives the same, bad ones apart."""

import csv
import json
import os
import random
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from include.ingest import Counts, land_source, stage_source
from include.sources import Memory, SourceConnection, SourceError, match_files, read, read_files
from include.sources.config import Source
from include.sources.files import store
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.memory import recall
from include.window import Window
from tests.deliveries import rows

DAY = Window.day("2026-03-05")
DATED: dict[str, Any] = {"date_pattern": r"orders-(\d{4}-\d{2}-\d{2}).*"}
FIRST = datetime(2026, 3, 6, 2, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.0)


def source(lateness: str = "0s", **config: Any) -> Source:
    """Order lines of files; named as the sandbox's, whose staging statement and suite they get."""
    columns = {} if config.get("format") == "jsonl" else {"columns": ["order_id", "line"]}
    files = {"pattern": "orders*", **columns, **config}
    entity = {"feeds": "order_line", "id": ["order_id", "line"], "version_at": None, "files": files}
    return Source.model_validate(
        {
            "name": "sandbox_orders", "description": "A test.", "kind": "files", "connection": "x", "enabled": False,
            "lateness": lateness,
            "entities": {"orders": entity},
        }
    )  # fmt: skip


class Shop:
    """A folder of files, and what windows of it bring into a warehouse."""

    def __init__(self, warehouse: Warehouse, folder: Path, **config: Any) -> None:
        self.warehouse, self.folder, self.config = warehouse, folder, config
        self.told: dict[str, int] = {}

    def put(self, name: str, products: dict[str, str], modified: float | None = None) -> Path:
        """A file of lines, order → product, with its modification time (else the present)."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("order_id,line,product\n" + "".join(f"{order},1,{what}\n" for order, what in products.items()))
        if modified is not None:
            os.utime(path, (modified, modified))
        return path

    def load(self, window: Window = DAY, **config: Any) -> Counts:
        """Land a window."""
        self.told = {}
        return land_source(
            self.warehouse,
            source(**{**self.config, **config}),
            window,
            SourceConnection(extra={"path": str(self.folder)}),
            progress=lambda entity, step, count: self.told.update({step: count}),
        )

    def versions(self) -> list[tuple[str, datetime, str]]:
        """Order, version time and product of all versions."""
        query = "select source_id, version_at, payload ->> 'product' from raw.sandbox_orders__orders order by 1, 2, 3"
        return [(key.partition("/")[0], at, product) for key, at, product in rows(self.warehouse, query)]

    def latest(self) -> dict[str, str]:
        """Order → product, by the latest version."""
        return {order: product for order, _, product in self.versions()}

    def quarantine(self) -> list[tuple[list[str], str]]:
        """Rules and place of what is in quarantine."""
        return rows(self.warehouse, "select rules, location from ops.quarantine order by quarantine_id")


@pytest.fixture
def shop(embedded_warehouse: Warehouse, tmp_path: Path) -> Shop:
    return Shop(embedded_warehouse, tmp_path / "shop")


def test_a_file_is_loaded_once(shop: Shop) -> None:
    path = shop.put("orders.csv", {"1": "A", "2": "B"})
    assert shop.load() == Counts(received=2, inserted=2)
    assert "skipped, loaded before" not in shop.told
    assert shop.load(Window.day("2026-03-06")) == Counts()
    assert shop.told["skipped, loaded before"] == 1
    os.utime(path)  # touched, not changed
    assert shop.load() == Counts()
    path.write_bytes(path.read_bytes())
    assert shop.load() == Counts()
    assert shop.told["skipped, loaded before"] == 1
    assert len(shop.versions()) == 2


def test_a_copy_under_another_name_is_left_out(shop: Shop) -> None:
    path = shop.put("orders-1.csv", {"1": "A"})
    shop.load()
    shop.put("orders-2.csv", {"1": "A"})
    path.rename(shop.folder / "orders-3.csv")
    assert shop.load() == Counts()
    assert shop.told["skipped, loaded before"] == 2
    assert shop.load() == Counts()
    shop.put("orders-3.csv", {"1": "B"})
    assert shop.load() == Counts(received=1, inserted=1)
    assert shop.latest() == {"1": "B"}


def test_a_copy_of_a_dated_file_is_no_other_day(shop: Shop) -> None:
    shop.put("orders-2026-03-05.csv", {"1": "A"})
    shop.put("orders-2026-03-06.csv", {"1": "A"})
    both = Window.between("2026-03-05", "2026-03-06")
    assert shop.load(both, **DATED) == Counts(received=1, inserted=1)
    assert shop.told["skipped, loaded before"] == 1


def test_whole_lists_are_read_each_day_though_they_are_alike(shop: Shop) -> None:
    for day, product in ((5, "A"), (6, "B"), (7, "A")):
        shop.put(f"orders-2026-03-0{day}.csv", {"1": product})
    days = [Window.day(f"2026-03-0{day}") for day in (7, 5, 6)]
    assert [shop.load(day, **DATED, snapshot=True).inserted for day in days] == [1, 1, 1]
    assert [product for _, _, product in shop.versions()] == ["A", "B", "A"]
    assert shop.load(days[0], **DATED, snapshot=True) == Counts()


@pytest.mark.parametrize("config", [{}, DATED], ids=["undated", "dated"])
@pytest.mark.parametrize("times", [(1, 2, 3), (1, 1, 1), (3, 2, 1)], ids=["later", "same time", "backwards"])
def test_there_and_back_ends_where_it_began(shop: Shop, config: dict, times: tuple[int, ...]) -> None:
    for product, at in zip("ABA", times, strict=True):
        shop.put("orders-2026-03-05.csv", {"1": product}, FIRST + at)
        assert shop.load(**config) == Counts(received=1, inserted=1)
        assert shop.latest() == {"1": product}
    assert [product for _, _, product in shop.versions()] == ["A", "B", "A"]
    assert all(DAY.start <= at < DAY.end for _, at, _ in shop.versions()) == (config == DATED)


def test_what_the_yaml_says_now_counts_and_wins(shop: Shop) -> None:
    path = shop.put("orders.csv", {})
    path.write_text("order_id;line;product\n1;1;caf\u00e9\n2;1;b\n", encoding="utf-8")
    assert shop.load(delimiter=";", encoding="cp1252").inserted == 2
    assert shop.load(delimiter=";", encoding="cp1252") == Counts()
    assert shop.load(delimiter=";") == Counts(received=2, inserted=2)
    assert shop.latest() == {"1": "café", "2": "b"}
    assert shop.load(delimiter=";") == Counts()


def test_a_load_that_fails_learns_nothing(shop: Shop) -> None:
    shop.put("orders-1.csv", {"1": "A"})
    shop.put("orders-2026-02-30.csv", {"2": "B"})
    made = source()
    entity = made.entities["orders"]
    memory = recall(shop.warehouse, made.name, entity.name)

    def stops_halfway():
        yield from read(made, entity, DAY, SourceConnection(extra={"path": str(shop.folder)}), memory)
        raise SourceError(made.name, entity.name, DAY, "there", "it broke", "Again.")

    with pytest.raises(SourceError, match="it broke"):
        land(shop.warehouse, made, entity, DAY, stops_halfway(), memory=memory)
    assert recall(shop.warehouse, made.name, entity.name).items() == {}
    assert shop.load() == Counts(received=2, inserted=2)


def deliver(shop: Shop) -> list[Window]:
    """Files of a week: corrections on the same day, an order that changes from day to day."""
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(7)]
    for n, day in enumerate(days):
        written = Window.day(day).end.timestamp() + 3600
        shop.put(f"orders-{day}.csv", {"always": f"on {day}", f"only {n}": "first", f"once {n}": "one"}, written)
        if n % 2:
            shop.put(f"orders-{day}-z.csv", {"always": f"again {day}", f"only {n}": "corrected"}, written + 0.01)
        if n % 3 == 0:  # corrected by a file whose name comes before, years later
            shop.put(f"orders-{day}-a.csv", {f"only {n}": "late"}, written + 1e8)
    return [Window.day(day) for day in days]


def test_windows_of_any_size_in_any_order_give_the_same(
    embedded_warehouse: Warehouse, embedded: Any, tmp_path: Path
) -> None:
    one = Shop(embedded_warehouse, tmp_path / "shop", **DATED)
    days = deliver(one)
    one.load(Window(days[0].start, days[-1].end))
    expected = one.versions()
    assert {order: product for order, product in one.latest().items() if order.startswith("only")} == {
        "only 0": "late", "only 1": "corrected", "only 2": "first", "only 3": "late", "only 4": "first",
        "only 5": "corrected", "only 6": "late",
    }  # fmt: skip
    assert one.latest()["always"] == "on 2026-03-08"
    # each day's versions are of that day, so that the window says nothing
    assert all(str(Window.day(at.date())) in (product[-10:], str(at.date())) for _, at, product in expected)
    for seed in range(2):
        windows = [*days, Window(days[1].start, days[4].end)]
        random.Random(seed).shuffle(windows)
        other = Shop(embedded.warehouse(), tmp_path / "shop", **DATED)
        for window in windows:
            other.load(window)
        assert other.versions() == expected


def test_a_file_that_comes_late_is_read_by_a_later_window(shop: Shop) -> None:
    shop.put("orders-2026-03-04.csv", {"1": "A"}, FIRST)
    assert shop.load(**DATED) == Counts()
    assert shop.load(**DATED, lateness="3d") == Counts(received=1, inserted=1)
    assert shop.load(**DATED, lateness="3d") == Counts()
    ((_, at, _),) = shop.versions()
    assert at.date() == date(2026, 3, 4)


def test_days_in_folders(shop: Shop) -> None:
    shop.put("day=2026-03-05/part-0.csv", {"1": "A"})
    shop.put("day=2026-03-05/_temporary/part-1.csv", {"2": "unfinished"})
    shop.put("day=2026-03-06/part-0.csv", {"3": "another day"})
    shop.put("shop/day=2026-03-05/hour=07/part-0.csv", {"4": "B"})
    by_folder: dict[str, Any] = {"pattern": "**/*.csv", "date_pattern": r"day=(\d{4}-\d{2}-\d{2})/.*"}
    assert shop.load(**by_folder) == Counts(received=2, inserted=2)
    assert shop.latest() == {"1": "A", "4": "B"}


@pytest.mark.parametrize(
    "name", ["orders.csv.part", "orders.csv.filepart", "orders.tmp", "orders.crdownload", "orders~", ".orders.csv",
             "_orders.csv", "~$orders.csv"],
)  # fmt: skip
def test_unfinished_files_are_left_alone(shop: Shop, name: str) -> None:
    shop.put(name, {"1": "A"})
    assert shop.load(pattern="*") == Counts()


def test_a_file_that_changes_while_it_is_read_leaves_nothing(shop: Shop) -> None:
    path = shop.put("orders.csv", {str(n): "A" for n in range(12_000)})
    made = source()
    entity = made.entities["orders"]
    memory = Memory()

    def with_a_writer():
        connection = SourceConnection(extra={"path": str(shop.folder)})
        for number, page in enumerate(read(made, entity, DAY, connection, memory)):
            if number == 0:
                with path.open("a") as file:
                    file.write("12000,1,A\n")
            yield page

    with pytest.raises(SourceError, match="changed while it was read"):
        land(shop.warehouse, made, entity, DAY, with_a_writer(), memory=memory)
    assert shop.versions() == []
    assert shop.load() == Counts(received=12_001, inserted=12_001)


def test_a_bad_file_is_told_once_and_costs_no_other(shop: Shop) -> None:
    shop.put("orders-1.csv", {"1": "A"})
    (shop.folder / "orders-2.csv").write_text("nothing\nof this\n")
    shop.put("orders-3.csv", {"3": "C"})
    assert shop.load() == Counts(received=3, inserted=2, unreadable=1)
    assert shop.load() == Counts()
    assert shop.quarantine() == [(["wrong_header"], "orders-2.csv")]
    shop.put("orders-2.csv", {"2": "B"})
    assert shop.load() == Counts(received=1, inserted=1)
    assert shop.latest() == {"1": "A", "2": "B", "3": "C"}


def test_a_bad_file_goes_aside_with_its_reason(shop: Shop) -> None:
    shop.put("orders-1.csv", {"1": "A"})
    bad = shop.folder / "orders-2.csv"
    bad.write_text("nothing\n")
    # without the key it stays; with it, it is moved although it was read before
    assert shop.load(pattern="**/orders*").unreadable == 1
    assert bad.exists()
    assert shop.load(pattern="**/orders*", aside="bad") == Counts()
    assert shop.told["bad files set aside"] == 1
    assert not bad.exists()
    assert (shop.folder / "bad/orders-2.csv").read_text() == "nothing\n"
    reason = (shop.folder / "bad/orders-2.csv.reason.txt").read_text()
    assert "wrong_header" in reason and "the header lacks order_id, line; it has nothing" in reason
    bad.write_text("nothing else\n")
    assert shop.load(pattern="**/orders*", aside="bad") == Counts(received=1, unreadable=1)
    assert shop.told["bad files set aside"] == 1
    assert sorted(path.name.partition("-orders")[2] or path.name for path in (shop.folder / "bad").iterdir()) == [
        "-2.csv", "-2.csv.reason.txt", "orders-2.csv", "orders-2.csv.reason.txt",
    ]  # fmt: skip
    assert shop.load(pattern="**/orders*", aside="bad") == Counts()
    assert shop.told == {"landing": 0, "skipped, loaded before": 1}


def test_a_bad_file_that_cannot_be_moved_is_told(shop: Shop) -> None:
    shop.put("orders-1.csv", {"1": "A"})
    (shop.folder / "orders-2.csv").write_text("nothing\n")
    (shop.folder / "bad").write_text("no folder")
    assert shop.load(aside="bad") == Counts(received=2, inserted=1, unreadable=1)
    assert shop.told["bad files that cannot be moved"] == 1
    assert (shop.folder / "orders-2.csv").exists()


def test_by_hand_a_file_is_of_the_day_in_its_name_else_of_today(tmp_path: Path) -> None:
    first, second = tmp_path / "orders-2026-03-05.csv", tmp_path / "orders-new.csv"
    for number, path in enumerate((second, first)):
        path.write_text(f"order_id,line\n{number},1\n")
    made = source(**DATED)
    today = date(2026, 4, 1)
    memory = Memory()
    pages = list(read_files(made, made.entities["orders"], [second, first], today=today, memory=memory))
    assert [page.seen_at.date() for page in pages if page.seen_at] == [today, date(2026, 3, 5)]
    assert list(read_files(made, made.entities["orders"], [tmp_path / "orders-new.csv"], memory=memory)) == []
    assert memory.skipped == 1


def test_by_hand_folders_may_tell_the_day(tmp_path: Path) -> None:
    for day in (6, 5):
        (tmp_path / f"day=2026-03-0{day}").mkdir()
        (tmp_path / f"day=2026-03-0{day}" / "part-0.csv").write_text(f"order_id,line\n{day},1\n")
    made = source(pattern="day=*/*.csv", date_pattern=r"day=(\d{4}-\d{2}-\d{2})/.*")
    paths = match_files(made, [tmp_path])["orders"]
    memory = Memory()
    pages = list(read_files(made, made.entities["orders"], paths[::-1], today=date(2026, 4, 1), memory=memory))
    assert [page.seen_at.date() for page in pages if page.seen_at] == [date(2026, 3, 6), date(2026, 3, 5)]
    # in its place, it is the same file
    connection = SourceConnection(extra={"path": str(tmp_path)})
    assert list(read(made, made.entities["orders"], DAY, connection, memory)) == []


# naughty strings


def naughty(real_data: Path) -> list[str]:
    strings = json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    return [
        *strings,
        "_x0041_",
        "a\u2028b\u0085c",
        "line\nline",
        "tab\there",
        '"',
        '""',
        "a,b",
        ";",
        "\ufeffbom",
        "\\N",
    ]


COLUMNS = ["order_id", "line", "ordered_at", "customer_name", "sku", "product", "quantity", "unit_price", "currency",
           "country"]  # fmt: skip


def lines_of(form: str, strings: list[str]) -> list[list[str]]:
    return [
        [f"{form}-{n}", "1", "2026-03-05T10:00:00Z", text, text, text, "1", "2.50", "USD", text]
        for n, text in enumerate(strings)
    ]


def in_a_cell(text: str) -> str:
    """A text as Excel writes it where XML cannot hold a character, or it looks like such a writing itself."""
    return re.sub(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f]", lambda sign: f"_x{ord(sign[0]):04X}_", text)


def write(form: str, path: Path, lines: list[list[str]]) -> None:
    """The lines as a file of a format, by the format's own usual library."""
    if form == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *lines])
    elif form == "jsonl":
        records = (dict(zip(COLUMNS, line, strict=True)) for line in lines)
        path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records))
    elif form == "parquet":
        columns = {name: [line[at] for line in lines] for at, name in enumerate(COLUMNS)}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet
        for at, line in enumerate([COLUMNS, *lines], 1):
            for column, text in enumerate(line, 1):
                sheet.cell(at, column).value = in_a_cell(text)
                sheet.cell(at, column).data_type = "s"  # no formula, whatever it begins with
        book.save(path)


def test_naughty_strings_come_out_as_they_went_in(warehouse: Warehouse, real_data: Path, tmp_path: Path) -> None:
    strings = naughty(real_data)
    for form in ("csv", "excel", "jsonl", "parquet"):
        write(form, tmp_path / f"orders.{form}", lines_of(form, strings))
        shop = Shop(warehouse, tmp_path, format=form, pattern=f"*.{form}")
        assert shop.load() == Counts(received=len(strings), inserted=len(strings)), form
    stage_source(warehouse, source(), DAY)
    raw = "select source_id, payload ->> 'customer_name', payload ->> 'sku', payload ->> 'product',"
    for query in (
        f"{raw} payload ->> 'country' from raw.sandbox_orders__orders",
        "select source_id, customer_name, sku, product_name, country from staging.sandbox_orders__orders",
    ):
        found = {key: texts for key, *texts in rows(warehouse, query)}
        for form in ("csv", "excel", "jsonl", "parquet"):
            for n, text in enumerate(strings):
                # a field without anything in it is null where nothing else can say so
                expected = None if text == "" and form in ("csv", "excel") else text
                assert found[f"{form}-{n}/1"] == [expected] * 4, (form, text)
    assert rows(warehouse, "select count(*) from ops.quarantine") == [(0,)]
