"""Reading a CSV file in columns gives what reading it line by line gives, to the byte that raw is written with."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from include.sources.config import Entity, Files
from include.sources.files import csv_file, plain_csv
from include.sources.files.unpack import Content
from include.sources.page import Columns, Page
from include.warehouse.copy_lines import LineWriter
from include.window import Window

CONFIG = Files(pattern="*.csv", columns=("a",))
DAY = Window.day("2026-03-01")
HEADER = "a,b,it's ä€\n".encode()

# what tells one reader from another: quotes, delimiters, line ends, signs that JSON or COPY escapes, other alphabets
SIGNS = st.sampled_from(['"', ",", "\n", "\r", "\t", "\\", "\x00", "\x07", "\x7f", " ", "a", "é", "客", "😀", "'"])
PLAIN = st.text(st.sampled_from("ab \\\té客'/"), max_size=5)
FIELD = (
    PLAIN
    | PLAIN.map(lambda text: f'"{text}"')
    | st.text(SIGNS, max_size=4).map(lambda t: '"' + t.replace('"', '""') + '"')
)
# what a block in columns may hold: no control characters but these
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\x7f\x85"))
ROW = st.lists(FIELD, min_size=3, max_size=3).map(",".join)
FILE = st.lists(ROW | ROW | ROW | st.text(SIGNS, max_size=8), max_size=12).flatmap(
    lambda rows: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(rows))
)


def read(path: Path) -> list[Page]:
    return list(csv_file.read_csv(CONFIG, Content(path.name, str(path), lambda: path.open("rb"), path)))


def outcome(pages: list[Page]) -> tuple[list[Any], list[Any]]:
    rows = [(row, text) for page in pages for row, text in zip(page.rows, page.texts, strict=True)]
    return rows, [(bad.text, bad.reason, bad.location) for page in pages for bad in page.unreadable]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILE, block=st.sampled_from([8, 64, 4096]))
@example(text='x,"y",z\n"open,1,2\n3,4,5', block=4096)
@example(text='1,"a ""b"" c",3\n4,5,6', block=64)
@example(text='"two\nlines",2,3\n4,5,6\n', block=16)
@example(text="1,2,\n,,\n\n3,4,5\n", block=4096)
@example(text='"",1,2\n1,2\n', block=4096)
@example(text='a,"b"c,d\n', block=4096)
def test_columns_and_lines_read_the_same(folder: Path, text: str, block: int) -> None:
    path = folder / "x.csv"
    path.write_bytes(HEADER + text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_csv, "BLOCK_BYTES", block)
        fast = outcome(read(path))
        patch.setattr(csv_file, "_first_record", lambda *_: None)
        assert fast == outcome(read(path))


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT.filter(len), TEXT | st.none()), min_size=1, max_size=20),
    name=st.sampled_from(["b", "it's", 'q"', "\\", "名"]),
)
@example(rows=[("a\tb\nc\rd\\e", '"\\\x7f\u2028/')], name="b")
def test_lines_out_of_columns_are_those_of_single_records(rows: list[tuple[str, str | None]], name: str) -> None:
    import pyarrow as pa

    table = pa.table(
        {"a": [a for a, _ in rows], name: [b for _, b in rows]},
        schema=pa.schema({"a": pa.string(), name: pa.string()}.items()),
    )
    entity = Entity(name="x", feeds="order_line", id=("a", "a"), version_at=None)
    page = Columns(table, "x.csv:2")

    def written(page: Page) -> bytes:
        return b"".join(LineWriter(entity, DAY, 7, io.BytesIO()).lines(page))

    assert written(page) == written(Page(page.rows, page.texts, [], "x.csv:2"))


def test_a_plain_file_is_read_in_columns(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b'a,b\r\n1,"x, y"\r\n2,\r\n')
    (page,) = read(tmp_path / "x.csv")
    assert isinstance(page, Columns)
    assert page.rows == [{"a": "1", "b": "x, y"}, {"a": "2", "b": None}]


def test_what_is_not_plain_is_read_line_by_line_from_there_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_csv, "BLOCK_BYTES", 8)
    (tmp_path / "x.csv").write_bytes(b'a,b\n1,2\n3,4\n5,"6""7"\n8,9\n10\n')
    pages = read(tmp_path / "x.csv")
    assert [type(page) for page in pages] == [Columns, Page]
    assert [row for page in pages for row in page.rows][2:] == [{"a": "5", "b": '6"7'}, {"a": "8", "b": "9"}]
    assert [(bad.reason, bad.location) for bad in pages[-1].unreadable] == [("wrong_column_count", "x.csv:6")]
