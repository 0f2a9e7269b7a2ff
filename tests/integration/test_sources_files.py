"""The file reader against real files."""

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources import Page, SourceConnection, SourceError, match_files, read, read_files
from include.sources.config import Source
from include.sources.files import csv_file, store
from include.window import Window

DAY = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.0)


def source(**changes: Any) -> Source:
    config = {"pattern": "orders-*.csv", "columns": ["id", "name"], **changes}
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A test.",
            "kind": "files",
            "connection": "shop_folder",
            "enabled": False,
            "entities": {"orders": {"feeds": "order_line", "id": "id", "version_at": None, "files": config}},
        }
    )


def load(path: Path, **changes: Any) -> list[Page]:
    made = source(**changes)
    return list(read_files(made, made.entities["orders"], [path]))


def write(folder: Path, content: str | bytes, name: str = "orders-1.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def outcome(pages: list[Page]) -> tuple[list[list[Any]], list[tuple[str, str, str]]]:
    return (
        [list(row.values()) for page in pages for row in page.rows],
        [(bad.text, bad.reason, bad.location) for page in pages for bad in page.unreadable],
    )


def test_rows_are_text_empty_is_null_and_texts_are_their_json(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeffid,name\r\n1,"李, ""雷"""\r\n\r\n2,\r\n3,"two\nlines\0"\r\n')
    (page,) = load(path)
    assert page.rows == [
        {"id": "1", "name": '李, "雷"'},
        {"id": "2", "name": None},
        {"id": "3", "name": "two\nlines\0"},
    ]
    assert [json.loads(text) for text in page.texts] == page.rows
    assert page.texts[1] == b'{"id":"2","name":null}'
    assert page.unreadable == []


BAD_LINES: dict[str, tuple[bytes, list[tuple[str, str, str]]]] = {
    "too many": (b"2,x,y\n", [("2,x,y\n", "wrong_column_count", "orders-1.csv:3")]),
    "too few": (b"2\n", [("2\n", "wrong_column_count", "orders-1.csv:3")]),
    "stray quote": (b'2,"x"y\n', [('2,"x"y\n', "bad_quotes", "orders-1.csv:3")]),
    "never closed": (b'2,"x\n', [('2,"x\n', "cut_off_line", "orders-1.csv:3")]),
    "other encoding": (b"2,caf\xe9\n", [("2,caf\\xe9\n", "not_utf8", "orders-1.csv:3")]),
    "other encoding, too few": (b"caf\xe9\0\n", [("caf\\xe9\\x00\n", "wrong_column_count", "orders-1.csv:3")]),
}


@pytest.mark.parametrize(("line", "expected"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_costs_no_other(tmp_path: Path, line: bytes, expected: list[tuple[str, str, str]]) -> None:
    path = write(tmp_path, b'id,name\n1,"a"\n' + line + b"3,c\n4,d\n")
    assert outcome(load(path)) == ([["1", "a"], ["3", "c"], ["4", "d"]], expected)


def test_a_quote_never_closed_does_not_swallow_the_next_quoted_lines(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,name\n1,"a\n2,"b"\n3,"c"\n4,"d\n')
    rows, bad = outcome(load(path))
    assert rows == [["2", "b"], ["3", "c"]]
    assert bad == [('1,"a\n', "bad_quotes", "orders-1.csv:2"), ('4,"d\n', "cut_off_line", "orders-1.csv:5")]


def test_a_file_cut_off_in_a_quoted_field(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,name\n1,"a"\n2,"cut o')
    assert outcome(load(path)) == ([["1", "a"]], [('2,"cut o', "cut_off_line", "orders-1.csv:3")])


def test_line_numbers_are_those_of_an_editor(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,name\n1,"three\nlines\nhere"\n\nx\n')
    assert outcome(load(path))[1] == [("x\n", "wrong_column_count", "orders-1.csv:6")]


def test_a_field_too_large_keeps_its_beginning(tmp_path: Path) -> None:
    path = write(tmp_path, "id,name\n1,a\n2," + "x" * (csv_file.LARGEST_FIELD + 1) + "\n3,c\n")
    rows, bad = outcome(load(path))
    assert rows == [["1", "a"], ["3", "c"]]
    assert bad == [("2," + "x" * 998, "record_too_large", "orders-1.csv:3")]


@pytest.mark.parametrize("before", ["", '"open\n'])
def test_a_line_too_large_for_memory_keeps_its_beginning(tmp_path: Path, before: str) -> None:
    """Cut anywhere, it would look like a record: 2,x would do."""
    line = "2," + "x" * (5 * csv_file.LARGEST_FIELD)
    path = write(tmp_path, f"id,name\n1,a\n{before}{line}\n3,c\n")
    rows, bad = outcome(load(path))
    assert rows == [["1", "a"], ["3", "c"]]
    assert bad[-1] == (line[:1000], "record_too_large", f"orders-1.csv:{3 + len(before.splitlines())}")


def test_a_field_just_small_enough_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "id,name\n1," + "x" * (csv_file.LARGEST_FIELD - 10) + "\n")
    assert len(outcome(load(path))[0][0][1]) == csv_file.LARGEST_FIELD - 10


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        (b"", {}, "the file has no header line"),
        (b"id,title\n1,a\n", {}, "the header lacks name; it has id, title"),
        (b"id;name\n1;a\n", {}, "the header lacks id, name; it has id;name"),
        (b"id,name,id\n", {}, "the header has id more than once"),
        ("id,name\n1,a\n".encode("utf-16"), {}, "the header lacks id, name"),
        (b"id,name\n1,a\n", {"encoding": "utf-16"}, "is not utf-16"),
    ],
)
def test_a_header_that_is_wrong_loads_nothing(tmp_path: Path, content: bytes, changes: dict, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(SourceError, match=message) as caught:
        load(path, **changes)
    assert str(path) in str(caught.value)


def test_header_alone_is_no_rows(tmp_path: Path) -> None:
    assert load(write(tmp_path, "id,name\n")) == []


def test_other_encoding_delimiter_and_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "name\tmore\tid\nJosé\t\t1\n".encode("cp1252"))
    (page,) = load(path, encoding="cp1252", delimiter="\t")
    assert page.rows == [{"name": "José", "more": None, "id": "1"}]


def test_long_files_come_in_pages(tmp_path: Path) -> None:
    content = "id,name\n" + "".join(f"{n},x\n" if n % 10 else "bad\n" for n in range(12_000))
    pages = load(write(tmp_path, content))
    assert [len(page.rows) + len(page.unreadable) for page in pages] == [5_000, 5_000, 2_000]
    assert [page.location for page in pages] == ["orders-1.csv:2", "orders-1.csv:5002", "orders-1.csv:10002"]
    assert sum(len(page.unreadable) for page in pages) == 1_200


DATED: dict[str, Any] = {"date_pattern": r"orders-(\d{4}-\d{2}-\d{2})\.csv"}


def read_day(folder: Path, window: Window = DAY, **changes: Any) -> list[str]:
    made = source(**changes)
    reading = read(made, made.entities["orders"], window, SourceConnection(extra={"path": str(folder)}))
    return [row["id"] for page in reading for row in page.rows]


def test_a_window_takes_the_files_of_its_days(tmp_path: Path) -> None:
    for day in ("2026-03-04", "2026-03-05", "2026-03-06", "2026-03-07"):
        write(tmp_path, f"id,name\n{day},x\n", f"orders-{day}.csv")
    write(tmp_path, "not,one\n", "orders-old.csv")
    write(tmp_path, "not,one\n", ".orders-2026-03-05.csv.part")
    assert read_day(tmp_path, **DATED) == ["2026-03-05"]
    assert read_day(tmp_path, Window.between("2026-03-05", "2026-03-06"), **DATED) == ["2026-03-05", "2026-03-06"]
    assert read_day(tmp_path, Window.day("2026-03-01"), **DATED) == []


def test_without_a_date_pattern_a_window_takes_all(tmp_path: Path) -> None:
    write(tmp_path, "id,name\n1,x\n", "orders-b.csv")
    write(tmp_path, "id,name\n2,x\n", "orders-a.csv")
    assert read_day(tmp_path) == ["2", "1"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [({}, "the connection names no folder"), ({"path": "/no/such/folder"}, "there is no such folder")],
)
def test_no_folder_is_told(extra: dict[str, str], message: str) -> None:
    made = source()
    with pytest.raises(SourceError, match=message):
        list(read(made, made.entities["orders"], DAY, SourceConnection(extra=extra)))


def test_a_date_that_is_none_is_told(tmp_path: Path) -> None:
    write(tmp_path, "id,name\n", "orders-2026-02-30.csv")
    with pytest.raises(SourceError, match="2026-02-30 in the file's name is no date"):
        read_day(tmp_path, **DATED)


def test_a_file_still_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.5)
    path = write(tmp_path, "id,name\n1,a\n")

    def append() -> None:
        time.sleep(0.2)
        with path.open("a") as file:
            file.write("2,b\n")

    threading.Thread(target=append).start()
    assert read_day(tmp_path) == ["1", "2"]


def test_a_file_never_at_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.2)
    monkeypatch.setattr(store, "LONGEST_WAIT_SECONDS", 0.1)
    path = write(tmp_path, "id,name\n")
    done = threading.Event()

    def touch() -> None:
        while not done.wait(0.02):
            os.utime(path)

    toucher = threading.Thread(target=touch)
    toucher.start()
    with pytest.raises(SourceError, match="the file is still being written"):
        read_day(tmp_path)
    done.set()
    toucher.join()


def test_files_are_matched_to_entities_by_name(tmp_path: Path) -> None:
    first, second = write(tmp_path, "", "orders-1.csv"), write(tmp_path, "", "orders-2.csv")
    other = write(tmp_path, "", "readme.txt")
    assert match_files(source(), [tmp_path]) == {"orders": [first, second]}
    with pytest.raises(SourceError, match=r"no file here that the source takes: it takes orders-\*.csv"):
        match_files(source(), [second, other])
    with pytest.raises(SourceError, match="there is no such file or folder"):
        match_files(source(), [tmp_path / "none"])
