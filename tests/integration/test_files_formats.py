"""Every format of files, packed and not, damaged and not, read as the YAML states it."""

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from include.sources import Page, SourceConnection, SourceError, read, read_files
from include.sources.config import Source
from include.sources.files import csv_file, excel, store, unpack
from include.window import Window
from tests.workbooks import Cell, write_ods, write_xls


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.0)


def source(**config: Any) -> Source:
    """A source of files; ``columns`` are id and name unless the format has none."""
    columns = {} if config.get("format") == "jsonl" else {"columns": ["id", "name"]}
    entity = {"feeds": "order_line", "id": "id", "version_at": None, "files": {"pattern": "*", **columns, **config}}
    return Source.model_validate(
        {
            "name": "shop", "description": "A test.", "kind": "files", "connection": "shop", "enabled": False,
            "entities": {"orders": entity},
        }
    )  # fmt: skip


def load(path: Path, **config: Any) -> list[Page]:
    """What a file named by hand gives."""
    made = source(**config)
    return list(read_files(made, made.entities["orders"], [path]))


def window(folder: Path, **config: Any) -> list[Page]:
    """What a folder gives to a window."""
    made = source(**config)
    connection = SourceConnection(extra={"path": str(folder)})
    return list(read(made, made.entities["orders"], Window.day("2026-03-05"), connection))


def rows(pages: list[Page]) -> list[dict]:
    """The records, each the same as its text."""
    for page in pages:
        assert [json.loads(text) for text in page.texts] == page.rows
    return [row for page in pages for row in page.rows]


def bad(pages: list[Page]) -> list[tuple[str, str]]:
    """Place and reason of what cannot be read."""
    return [(item.location, item.reason) for page in pages for item in page.unreadable]


PEOPLE = [{"id": "1", "name": "Jürgen"}, {"id": "2", "name": None}]


# CSV


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("id,name\n1,Jürgen\n2,\n", {}),
        ('\ufeff"id","name"\r\n"1","Jürgen"\r\n"2",""\r\n', {}),
        ("id;name\r1;Jürgen\r2;\r", {"delimiter": ";"}),
        ("'id'|'name'\n'1'|'Jürgen'\n2|\n", {"delimiter": "|", "quote": "'"}),
        ("id\x1fname\n1\x1fJürgen\n2\x1f\n", {"delimiter": "\x1f"}),
        ("id||name\n1||Jürgen\n2||\n", {"delimiter": "||", "quote": None}),
        ("Orders of March\n\"never closed\nid,name\n1,Jürgen\n2,\n", {"header": 3}),
        ("1,Jürgen\n2,\n", {"header": 0}),
        ("id,name,\n1,Jürgen,\n2,,\n", {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252", "utf-32"])
def test_csv_however_it_is_written(tmp_path: Path, text: str, config: dict, encoding: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(
        (text.removeprefix("\ufeff") if encoding in ("cp1252", "utf-16", "utf-32") else text).encode(encoding)
    )
    found = rows(load(path, encoding=encoding, **config))
    assert [{"id": row["id"], "name": row["name"]} for row in found] == PEOPLE


def test_quotes_without_meaning_and_escaped_ones(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text('id\tname\n1\t"a\n2\tb"c"\n')
    assert rows(load(path, delimiter="\t", quote=None)) == [{"id": "1", "name": '"a'}, {"id": "2", "name": 'b"c"'}]
    path.write_text('id,name\n1,"say \\"a, b\\""\n2,"c:\\\\d"\n3,"""e"""\n')
    assert [row["name"] for row in rows(load(path, escape="\\"))] == ['say "a, b"', "c:\\d", '"e"']


def test_a_line_too_large_of_several_characters_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "LARGEST_LINE", 1000)
    path = tmp_path / "orders.csv"
    path.write_text("id||name\n1||" + "x" * 5000 + "\n2||b\n3\n")
    pages = load(path, delimiter="||", quote=None)
    assert rows(pages) == [{"id": "2", "name": "b"}]
    assert bad(pages)[1] == ("orders.csv:4", "wrong_column_count")


def test_stated_numbers_and_dates_are_plain_and_what_could_be_mistaken_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "id;name;price;on\n1;1,5;1.234,50;05.03.2026\n2;x;n/a;unknown\n3;x;1.5;05.03.2026\n4;x;2,5;03/04/2026\n5;x;;\n"
    )
    stated = {"decimal": ",", "thousands": ".", "numbers": ["price"], "dates": {"on": "%d.%m.%Y"}}
    pages = load(path, delimiter=";", **stated)
    assert [list(row.values()) for row in rows(pages)] == [
        ["1", "1,5", "1234.50", "2026-03-05"],
        ["2", "x", "n/a", "unknown"],
        ["5", "x", None, None],
    ]
    assert bad(pages) == [("orders.csv:4", "ambiguous_number"), ("orders.csv:5", "ambiguous_date")]
    assert [item.text for item in pages[0].unreadable] == ["3;x;1.5;05.03.2026\n", "4;x;2,5;03/04/2026\n"]


# Excel


def workbook(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets:
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


def test_cells_of_every_kind(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 5, 14, 30, 15, 500_000)
    lines: list[list[Any]] = [
        ["id", "name", "n", "on"],
        [1001, " a\tb\nc ", 12.5, date(2026, 3, 5)],
        ["007", True, -0.1, moment],
        [123456789012345, False, 1e21, time(8, 15)],
        [None, None, None, None],
        [2, None, 0.30000000000000004, timedelta(hours=30, minutes=5)],
    ]
    pages = load(workbook(tmp_path / "a.xlsx", ("Orders", lines)), format="excel")
    assert [list(row.values()) for row in rows(pages)] == [
        ["1001", " a\tb\nc ", "12.5", "2026-03-05"],
        ["007", "true", "-0.1", "2026-03-05T14:30:15.500000"],
        ["123456789012345", "false", "1e+21", "08:15:00"],
        ["2", None, "0.3", "30:05:00"],  # the library that wrote it keeps 16 digits
    ]
    assert pages[0].location == "a.xlsx:2"


@pytest.mark.parametrize("write", [write_ods, write_xls], ids=["ods", "xls"])
def test_other_workbooks(tmp_path: Path, write: Callable[[Path, str, list[list[Cell]]], Path]) -> None:
    path = write(tmp_path / "book", "Orders", [["id", "name"], [1.0, "Jürgen & <李雷>"], [2.5, "x"]])
    expected = [{"id": "1", "name": "Jürgen & <李雷>"}, {"id": "2.5", "name": "x"}]
    assert rows(load(path, format="excel", sheet="Orders")) == expected


def test_a_header_further_down_and_cells_under_no_name(tmp_path: Path) -> None:
    table: list[list[Any]] = [
        ["id", None, "name", " more "],
        [1, None, "a", 3],
        [2, "note", "b"],
        [None, None, None, None, "x"],
    ]
    lines: list[list[Any]] = [["Report"], [], *table]
    path = workbook(tmp_path / "a.xlsx", ("Front", [["nothing"]]), ("Orders", lines))
    pages = load(path, format="excel", sheet="Orders", header=3)
    assert rows(pages) == [
        {"id": "1", "name": "a", "more": "3"},
        {"id": "2", "name": "b", "more": None, "column 2": "note"},
        {"id": None, "name": None, "more": None, "column 5": "x"},
    ]
    assert pages[0].location == "a.xlsx:4"


def test_typed_in_numbers_and_dates(tmp_path: Path) -> None:
    lines: list[list[Any]] = [
        ["id", "name", "on"],
        [1, "1.234,5", "05.03.2026"],
        [2, 1.5, date(2026, 3, 6)],
        ["3", "1.5", "n/a"],
    ]
    stated = {"decimal": ",", "thousands": ".", "numbers": ["name"], "dates": {"on": "%d.%m.%Y"}}
    pages = load(workbook(tmp_path / "a.xlsx", ("Orders", lines)), format="excel", **stated)
    assert rows(pages) == [
        {"id": "1", "name": "1234.5", "on": "2026-03-05"},
        {"id": "2", "name": "1.5", "on": "2026-03-06"},
    ]
    assert bad(pages) == [("a.xlsx:4", "ambiguous_number")]


def test_a_long_sheet_comes_in_pages(tmp_path: Path) -> None:
    lines: list[list[Any]] = [["id", "name"], *([n, f"name {n}"] for n in range(12_000))]
    pages = load(workbook(tmp_path / "a.xlsx", ("Orders", lines)), format="excel")
    assert [len(page.rows) for page in pages] == [5_000, 5_000, 2_000]
    assert rows(pages)[-1] == {"id": "11999", "name": "name 11999"}
    assert [page.location for page in pages] == ["a.xlsx:2", "a.xlsx:5002", "a.xlsx:10002"]


# JSON lines


def test_json_lines_keep_their_text(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"id": 1, "name": "J\\u00fcrgen", "list": [1.50, {"a": null}]}\r\n',
        b"\n",
        b'{"id":12345678901234567890123,"id":2}\n',
        b'{"name": "\\ud800"}\n',
        b"[1]\n",
        b'{"id": NaN}\n',
        b'{"id": "caf\xe9"}\n',
        b"not json\n",
        b'{"id": 3, "name": "cut o',
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines))
    pages = load(path, format="jsonl")
    assert [text for page in pages for text in page.texts] == [
        b'{"id": 1, "name": "J\\u00fcrgen", "list": [1.50, {"a": null}]}',
        b'{"id":12345678901234567890123,"id":2}',
        b'{"name": "\\ud800"}',
    ]
    rows(pages)
    assert bad(pages) == [
        ("a.jsonl:5", "not_an_object"),
        ("a.jsonl:6", "not_json"),
        ("a.jsonl:7", "not_utf8"),
        ("a.jsonl:8", "not_json"),
        ("a.jsonl:9", "cut_off_line"),
    ]


def test_json_lines_of_another_encoding_and_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from include.sources.files import json_lines

    monkeypatch.setattr(json_lines, "LARGEST_LINE", 1000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(('{"id": "李雷"}\n{"id": "' + "x" * 2000 + '"}\n{"id": "2"}').encode("utf-16"))
    pages = load(path, format="jsonl", encoding="utf-16")
    assert rows(pages) == [{"id": "李雷"}, {"id": "2"}]
    assert bad(pages) == [("a.jsonl:2", "record_too_large")]
    path.write_bytes(b"x")
    with pytest.raises(SourceError, match="is not utf-16"):
        load(path, format="jsonl", encoding="utf-16")


# Parquet


def parquet(path: Path, table: pyarrow.Table, **options: Any) -> Path:
    pyarrow.parquet.write_table(table, path, **options)
    return path


def test_values_of_every_type(tmp_path: Path) -> None:
    columns: dict[str, tuple[pyarrow.Array, Any]] = {
        "id": (pyarrow.array([2**63 - 1]), 2**63 - 1),
        "name": (pyarrow.array(["李雷\0"]), "李雷\0"),
        "unsigned": (pyarrow.array([2**64 - 1], pyarrow.uint64()), 2**64 - 1),
        "double": (pyarrow.array([0.1]), 0.1),
        "nan": (pyarrow.array([float("nan")]), "NaN"),
        "endless": (pyarrow.array([float("-inf")]), "-Infinity"),
        "decimal": (pyarrow.array([Decimal("12345678901234567890.10")]), "12345678901234567890.10"),
        "truth": (pyarrow.array([False]), False),
        "day": (pyarrow.array([date(2026, 3, 5)]), "2026-03-05"),
        "naive": (pyarrow.array([datetime(2026, 3, 5, 14, 30)]), "2026-03-05T14:30:00.000000"),
        "aware": (
            pyarrow.array([datetime(2026, 3, 5, 14, tzinfo=UTC)], pyarrow.timestamp("us", "America/New_York")),
            "2026-03-05T14:00:00.000000Z",
        ),
        "nanoseconds": (
            pyarrow.array([1_772_719_815_123_456_789], pyarrow.timestamp("ns", "UTC")),
            "2026-03-05T14:10:15.123456789Z",
        ),
        "far": (pyarrow.array([10**15], pyarrow.timestamp("s")), "<value out of range: 1000000000000000000>"),
        "time": (pyarrow.array([time(8, 15)]), "08:15:00.000000"),
        "duration": (pyarrow.array([timedelta(hours=30)]), "PT108000.0S"),
        "bytes": (pyarrow.array([b"\xff\x00"]), "\\xff00"),
        "old_text": (pyarrow.array(["Jürgen".encode()]), "Jürgen"),
        "coded": (pyarrow.array(["x"]).dictionary_encode(), "x"),
        "list": (pyarrow.array([[1, None]]), [1, None]),
        "struct": (pyarrow.array([{"d": Decimal("1.10"), "b": b"x"}]), {"d": "1.10", "b": "x"}),
        "map": (pyarrow.array([[("k", 1.5)]], pyarrow.map_(pyarrow.string(), pyarrow.float64())), {"k": 1.5}),
        "nothing": (pyarrow.nulls(1), None),
    }  # fmt: skip
    table = pyarrow.table({name: array for name, (array, _) in columns.items()})
    (row,) = rows(load(parquet(tmp_path / "a.parquet", table), format="parquet"))
    assert row == {name: value for name, (_, value) in columns.items()}


def test_a_text_that_is_none_costs_its_row_only(tmp_path: Path) -> None:
    raw = pyarrow.array([b"a", b"caf\xe9", b"c"]).view(pyarrow.string())
    nested = pyarrow.StructArray.from_arrays([pyarrow.array([b"\xff", b"b", b"c"]).view(pyarrow.string())], ["x"])
    path = parquet(tmp_path / "a.parquet", pyarrow.table({"id": [1, 2, 3], "name": raw, "more": nested}))
    pages = load(path, format="parquet")
    assert rows(pages) == [{"id": 3, "name": "c", "more": {"x": "c"}}]
    assert bad(pages) == [("a.parquet, row 1", "not_utf8"), ("a.parquet, row 2", "not_utf8")]
    assert json.loads(pages[0].unreadable[1].text) == {"id": 2, "name": "caf\\xe9", "more": {"x": "b"}}


def test_a_long_parquet_file_comes_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pyarrow.table({"id": range(12_000), "name": ["x" * 100] * 12_000})
    path = parquet(tmp_path / "a.parquet", table, row_group_size=7_000)
    pages = load(path, format="parquet")
    assert [row["id"] for row in rows(pages)] == list(range(12_000))
    assert max(len(page.rows) for page in pages) <= 5_000
    monkeypatch.setattr("include.sources.files.parquet.BYTES_A_PAGE", 100_000)
    assert max(len(page.rows) for page in load(path, format="parquet")) < 1_000


def test_a_parquet_file_damaged_in_the_middle_gives_what_comes_before(tmp_path: Path) -> None:
    names = [os.urandom(20).hex() for _ in range(10_000)]
    table = pyarrow.table({"id": range(10_000), "name": names})
    path = parquet(tmp_path / "a.parquet", table, row_group_size=5_000, compression="gzip", use_dictionary=False)
    second = pyarrow.parquet.ParquetFile(path).metadata.row_group(1).column(1)
    content = bytearray(path.read_bytes())
    middle = second.data_page_offset + second.total_compressed_size // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    pages = window(tmp_path, format="parquet")
    assert [row["name"] for row in rows(pages)] == names[:5_000]
    assert bad(pages) == [("a.parquet", "corrupt_parquet")]


# gzip and zip


def packed(path: Path, members: dict[str, bytes], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def xlsx_bytes(tmp_path: Path) -> bytes:
    return workbook(tmp_path / "inner", ("Orders", [["id", "name"], [1, "Jürgen"], [2, None]])).read_bytes()


def parquet_bytes(tmp_path: Path) -> bytes:
    table = pyarrow.table({"id": ["1", "2"], "name": ["Jürgen", None]})
    return parquet(tmp_path / "inner", table).read_bytes()


@pytest.mark.parametrize("form", ["csv", "excel", "jsonl", "parquet"])
def test_every_format_packed(tmp_path: Path, form: str) -> None:
    content = {
        "csv": "id,name\n1,Jürgen\n2,\n".encode(),
        "excel": xlsx_bytes(tmp_path),
        "jsonl": '{"id":"1","name":"Jürgen"}\n{"id":"2","name":null}\n'.encode(),
        "parquet": parquet_bytes(tmp_path),
    }[form]
    one = tmp_path / "one.gz"
    one.write_bytes(gzip.compress(content[:20]) + gzip.compress(content[20:]))  # of two parts, as gzip allows
    assert rows(load(one, format=form)) == PEOPLE
    two = packed(tmp_path / "two.ZIP", {"b": content, "folder/a": content})
    pages = load(two, format=form)
    assert rows(pages) == PEOPLE * 2
    assert [page.location.split(",")[0].split(":")[0] for page in pages] == ["two.ZIP/b", "two.ZIP/folder/a"]


def test_only_the_members_that_are_asked_for(tmp_path: Path) -> None:
    members = {
        "orders.csv": b"id,name\n1,a\n",
        "readme.txt": b"no table",
        "__MACOSX/._orders.csv": b"\0\0",
        "../../orders-up.csv": b"id,name\n2,b\n",
        "/etc/orders-abs.csv": b"id,name\n3,c\n",
        "orders\n.csv": b"id,name\n4,d\n",
        "folder/.csv": b"x",
        "orders.csv.part": b"id,na",
    }
    pages = load(packed(tmp_path / "a.zip", members), members="*.csv")
    assert sorted(row["id"] for row in rows(pages)) == ["1", "2", "3", "4"]
    assert sorted(page.location for page in pages) == [
        "a.zip/../../orders-up.csv:2",
        "a.zip//etc/orders-abs.csv:2",
        "a.zip/orders.csv:2",
        "a.zip/orders\\n.csv:2",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


def broken_files(tmp_path: Path) -> dict[str, tuple[bytes, dict[str, Any], str]]:
    """Name → content, what the YAML says, the reason that is given."""
    lines = "".join(f"{n},{os.urandom(9).hex()}\n" for n in range(5_000))
    whole = gzip.compress(("id,name\n" + lines).encode())
    bent = bytearray(whole)
    bent[len(bent) // 2] ^= 0xFF
    zipped = bytearray(packed(tmp_path / "x", {"a": lines.encode()}).read_bytes())
    zipped[len(zipped) // 2] ^= 0xFF
    locked = bytearray(packed(tmp_path / "x", {"a": b"id,name\n"}).read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[locked.index(mark) + at] |= 1
    (tmp_path / "x").unlink()
    book = xlsx_bytes(tmp_path)
    table = parquet_bytes(tmp_path)
    (tmp_path / "inner").unlink()
    excel_, parquet_ = {"format": "excel"}, {"format": "parquet"}
    return {
        "header.csv": (b"id,title\n1,a\n", {}, "wrong_header"),
        "empty.csv": (b"", {}, "no_header"),
        "utf16.csv": (b"id,name\n1,a\n", {"encoding": "utf-16"}, "not_utf16"),
        "plain.csv.gz": (b"id,name\n1,a\n", {}, "not_gzip"),
        "empty.csv.gz": (b"", {}, "not_gzip"),
        "cut.csv.gz": (whole[:-2000], {}, "cut_off_file"),
        "bent.csv.gz": (bytes(bent), {}, "corrupt_archive"),
        "plain.zip": (b"id,name\n1,a\n", {}, "not_zip"),
        "cut.zip": (bytes(zipped[:-10]), {}, "not_zip"),
        "bent.zip": (bytes(zipped), {}, "corrupt_archive"),
        "locked.zip": (bytes(locked), {}, "locked_zip"),
        "other.zip": (b"PK\5\6" + bytes(18), {}, "empty_zip"),
        "text.xlsx": (b"id,name\n1,a\n", excel_, "not_excel"),
        "cut.xlsx": (book[:-100], excel_, "not_excel"),
        "sheet.xlsx": (book, {**excel_, "sheet": "Bills"}, "no_sheet"),
        "header.xlsx": (book, {**excel_, "header": 9}, "no_header"),
        "text.parquet": (b"id,name\n1,a\n", parquet_, "not_parquet"),
        "cut.parquet": (table[:-10], parquet_, "not_parquet"),
    }


def test_a_broken_file_costs_no_other(tmp_path: Path) -> None:
    making = tmp_path / "making"
    making.mkdir()
    good = {"excel": xlsx_bytes(making), "parquet": parquet_bytes(making), "csv": "id,name\n1,Jürgen\n2,\n".encode()}
    for name, (content, config, reason) in broken_files(making).items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(content)
        with pytest.raises(SourceError):
            load(folder / name, **config)
        has_others = config in ({}, {"format": "excel"}, {"format": "parquet"})
        if has_others:  # one before it and one after it, which is packed, or it were a copy
            others = good[config.get("format", "csv")]
            (folder / "a").write_bytes(others)
            (folder / "z.gz").write_bytes(gzip.compress(others))
        pages = window(folder, **config)
        assert bad(pages) == [(name, reason)]
        assert rows(pages) == (PEOPLE * 2 if has_others else []), name
        (unreadable,) = (item for page in pages for item in page.unreadable)
        assert name in unreadable.text and "SHA-256: " in unreadable.text


def test_one_broken_member_costs_no_other(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", {"1.csv": b"id,name\n1,a\n", "2.csv": b"nothing\n", "3.csv": b"id,name\n3,c\n"})
    pages = window(tmp_path)
    assert [row["id"] for row in rows(pages)] == ["1", "3"]
    assert bad(pages) == [("a.zip", "wrong_header")]
    assert "a.zip/2.csv: the header lacks id, name" in pages[-1].unreadable[0].text


# what is made to do harm


def test_archives_that_unpack_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "SMALL_UNPACKED", 2**20)
    zeros = bytes(8 * 2**20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(zeros))
    packed(tmp_path / "b.zip", {"x": zeros})
    monkeypatch.setattr(unpack, "MOST_MEMBERS", 10)
    packed(tmp_path / "c.zip", {str(n): b"id,name\n" for n in range(11)})
    # a header that lies: what comes beyond the stated size is not read
    lying = bytearray(packed(tmp_path / "d.zip", {"x": b"id,name\n1,a\n" + zeros}).read_bytes())
    size = struct.pack("<II", zlib.crc32(b"id,name\n1,a\n"), 0)[:4]
    for mark, at in ((b"PK\3\4", 14), (b"PK\1\2", 16)):
        where = lying.index(mark) + at
        lying[where : where + 4] = size
        lying[where + 8 : where + 12] = struct.pack("<I", 12)
    (tmp_path / "d.zip").write_bytes(lying)
    pages = window(tmp_path)
    too_large = ("a.gz", "archive_too_large"), ("b.zip", "archive_too_large"), ("c.zip", "archive_too_large")
    assert bad(pages) == list(too_large)
    assert rows(pages) == [{"id": "1", "name": "a"}]


def test_a_workbook_that_asks_for_all_memory_ends_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells at opposite corners: the library makes room for all between them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet["A1"], sheet["B1"], sheet["XFD1000000"] = "id", "name", "x"
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "b.xlsx").write_bytes(xlsx_bytes(tmp_path))
    (tmp_path / "inner").unlink()
    monkeypatch.setattr(excel, "LARGEST_MEMORY", 2**30)
    pages = window(tmp_path, format="excel")
    assert rows(pages) == PEOPLE
    assert bad(pages) == [("a.xlsx", "workbook_too_large")]


def test_names_that_no_table_can_hold(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"a\xff\n\x01.csv")  # noqa: PTH118
    with io.open(os.open(path, os.O_CREAT | os.O_WRONLY), "w") as file:  # noqa: UP020
        file.write("id,name\n1,a\nx\n")
    (page,) = window(tmp_path)
    assert (page.location, page.unreadable[0].location) == ("a\\udcff\\n\\x01.csv:2", "a\\udcff\\n\\x01.csv:3")


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "none")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / f"{'n' * 240}.csv").write_text("id,name\n1,a\n")
    assert rows(window(tmp_path)) == [{"id": "1", "name": "a"}]
