"""What is found out about a file, and that the file reads well with it."""

import gzip
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
import yaml

from include.settings import PROJECT
from include.sources.config import Files
from include.sources.errors import ReadFailedError
from include.sources.files.detect import Detected, detect

GERMAN = 'Kunde;Umsatz;am\n"Müller; Söhne";1.234,50;05.03.2026\nGröße;12,00;n/a\n\nÉtienne;;31.01.2026\n'


def found(path: Path, content: str | bytes, encoding: str = "utf-8", **options: Any) -> Detected:
    """What is found about a file; the YAML says the same."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    detected = detect(path, **options)
    assert Files.model_validate(yaml.safe_load(detected.as_yaml())["files"]) == detected.files
    return detected


def is_like(files: Files, **expected: Any) -> None:
    assert {key: getattr(files, key) for key in expected} == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_everything_about_a_german_file(tmp_path: Path, encoding: str) -> None:
    detected = found(tmp_path / "sales-2026-03-05.csv", GERMAN, encoding)
    is_like(
        detected.files,
        pattern="sales-*.csv",
        date_pattern=r"sales-(\d{4}-\d{2}-\d{2})\.csv",
        delimiter=";",
        quote='"',
        encoding={"utf-8-sig": "utf-8"}.get(encoding, encoding),
        decimal=",",
        thousands=".",
        numbers=("Umsatz",),
        dates={"am": "%d.%m.%Y"},
        columns=("Kunde", "Umsatz", "am"),
    )
    guess = "encoding: a guess: cp1252 gives '\"Müller; Söhne\";1.234,50;05.03.2026'"
    assert (guess in detected.notes) == (encoding == "cp1252")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\n1\tx\n2\ty\n", {"delimiter": "\t"}),
        ("'a'|'b'\n'1'|'x|y'\n'2'|'it''s'\n", {"delimiter": "|", "quote": "'"}),
        ('a,b\n1,"x \\"y\\", z"\n2,"w"\n', {"escape": "\\"}),
        ("a||b\n1||x\n2||y\n", {"delimiter": "||", "quote": None}),
        ("Report of March\n\na;b\n1;x\n2;y\n", {"delimiter": ";", "header": 3}),
        ("1,x,2026-01-01\n2,y,2026-01-02\n", {"header": 0, "columns": ("column_1", "column_2", "column_3")}),
        ("a,b\n1,2026-03-05T10:00:00Z\n2,2026-03-06 10:00:00\n", {"dates": {}, "numbers": ()}),
        ("a,b\n1,20260305\n2,030 123 456\n", {"dates": {}, "numbers": ()}),
        ("a,b\n1,3/25/2026 2:30 PM\n2,12/1/2026 11:00 AM\n", {"dates": {"b": "%m/%d/%Y %I:%M %p"}}),
        ("a,b\n1,5 Mar 2026\n2,31 Dec 2025\n", {"dates": {"b": "%d %b %Y"}}),
        ("a;b\n1;2026.03.05\n2;2026.12.31\n", {"dates": {"b": "%Y.%m.%d"}, "numbers": ()}),
        ('a,b\n1,"1,234.50"\n2,"12.00"\n', {"decimal": ".", "thousands": ",", "numbers": ("b",)}),
        ("a;b\n1;1 234,50\n2;12,00\n", {"decimal": ",", "thousands": " ", "numbers": ("b",)}),
        ("a;b;c\n1;1,5;1.234\n2;2,5;2\n", {"decimal": ",", "numbers": ("b",)}),
    ],
)
def test_how_lines_are_written(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    is_like(found(tmp_path / "a.csv", text).files, **expected)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "a;on\n1;03/04/2026\n2;05/06/2026\n",
            "'03/04/2026' is read as 2026-04-03; if it is 2026-03-04, say dates: {on: '%m/%d/%Y'}",
        ),
        ("a;n\n1;1,234\n2;5,678\n", "'1,234' is read as 1.234; if it is 1234, say decimal: '.', thousands: ','"),
        ("a;b\n" + "1;x\n" * 40 + "2\n", "of the first 41 records 1 cannot be read: wrong_column_count"),
        ("hello world\nthis is text\n", "delimiter: only one column was found"),
        ("1;x\n2;y\n", "columns: the first line holds values, so there is no header: name the columns in their order"),
    ],
)
def test_what_a_person_has_to_look_at(tmp_path: Path, text: str, note: str) -> None:
    notes = found(tmp_path / "a.csv", text).notes
    assert any(note in one for one in notes), notes


def test_other_formats(tmp_path: Path) -> None:
    line = '{"id": 1}\n{"id": 2}\n'
    is_like(found(tmp_path / "a.jsonl", "\ufeff" + line).files, format="jsonl", encoding="utf-8", columns=())
    is_like(found(tmp_path / "a.jsonl", line, "utf-16").files, format="jsonl", encoding="utf-16")
    is_like(found(tmp_path / "a_20260305.csv.gz", gzip.compress(b"id,name\n1,a\n")).files, pattern="a_*.csv.gz",
            date_pattern=r"a_(\d{8})\.csv\.gz", columns=("id", "name"))  # fmt: skip

    table = pyarrow.table({"id": [1], "name": ["x"]})
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    is_like(detect(tmp_path / "b.parquet").files, format="parquet", columns=("id", "name"))

    book = openpyxl.Workbook()
    book.create_sheet("Orders")
    for cells in (["Report"], [], ["id", "price", "on"], [1, "1.234,5", "05.03.2026"], [2, 3.5, None]):
        book["Orders"].append(cells)
    book.save(tmp_path / "c.xlsx")
    detected = detect(tmp_path / "c.xlsx", "Orders")
    is_like(detected.files, format="excel", sheet="Orders", header=3, decimal=",", thousands=".", numbers=("price",),
            dates={"on": "%d.%m.%Y"}, columns=("id", "price", "on"))  # fmt: skip
    assert "sheets: Sheet, Orders" in detected.notes

    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("x/a.csv", "id,name\n1,a\n")
        archive.writestr("x/b.csv", "id,name\n1,b\n")
    is_like(detect(tmp_path / "d.zip").files, members="*.csv", columns=("id", "name"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "looks like no table"),
        (b'[{"a": 1},\n {"a": 2}]', "is one JSON array"),
        (bytes(range(256)) * 20, "looks like no table"),
        (b"PAR1 and no more", "is no Parquet file"),
        (b"PK\3\4 and no more", "is no workbook"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ReadFailedError, match=says):
        found(tmp_path / "a.csv", content)


def test_real_files_read_without_a_note(real_data: Path) -> None:
    for path in (*(real_data / "maven_crm").glob("*.csv"), *(real_data / "online_retail").glob("*.gz")):
        detected = detect(path)
        assert detected.notes == (f"pattern: {path.name} is this one file: put * where names differ",)
        is_like(detected.files, delimiter=",", encoding="utf-8", numbers=(), dates={})


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(GERMAN)
    run = subprocess.run(
        [PROJECT / "crm", "source", "detect", tmp_path / "sales.csv"], capture_output=True, text=True, check=True
    )
    assert yaml.safe_load(run.stdout)["files"]["dates"] == {"am": "%d.%m.%Y"}
    run = subprocess.run([PROJECT / "crm", "source", "detect", tmp_path / "none"], capture_output=True, text=True)
    assert run.returncode == 1 and "cannot be read" in " ".join(run.stderr.split()) and "Traceback" not in run.stderr
