"""The report as a workbook and on paper: typed cells, text as text, the same bytes each time."""

import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl

from include.reports.blocks import ranked
from include.reports.charts import Bar
from include.reports.frame import Frame
from include.reports.model import Change, Column, Report, Section, Sentence, Table, Tile
from include.reports.pdf import pdf
from include.reports.words import plain
from include.reports.workbook import workbook
from include.window import Window

FRAME = Frame(Window.between("2026-11-01", "2026-11-30", ZoneInfo("UTC")), ("crm",))
COLUMNS = [Column("Rep"), Column("Won", "amount", "won"), Column("Rate", "share", "win_rate"), Column("On", "date")]


def report(rows: list[list], heading: str = "Reps") -> Report:
    picture = ranked("Won amount", [Bar("王小明", 2.0), Bar("<b>", 1.0)], "won", "nothing")
    return Report(
        "sales", "Sales", ["*Won* #rose by $2$ to \u2068王小明\u2069."], [],
        [
            Tile("Won", "amount", Decimal("1234.5"), "won", "EUR", Change("up", "good")),
            Tile("Open", "count", None, "won"),
        ],
        [Section(heading, [picture, Table("By rep", COLUMNS, rows), Sentence("No calls.")])],
    )  # fmt: skip


def test_cells_of_the_workbook_have_types() -> None:
    made = workbook(
        report([["=1+1", Decimal("12.50"), Decimal("0.25"), date(2026, 11, 3)], ["王芳", 7, None, None]]), FRAME
    )
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["Summary", "Reps", "Definitions"]
    rows = [[cell.value for cell in row] for row in book["Reps"].iter_rows()]
    assert rows == [
        ["By rep", None, None, None], ["Rep", "Won", "Rate", "On"],
        ["=1+1", 12.5, 0.25, datetime(2026, 11, 3)], ["王芳", 7, None, None],
    ]  # fmt: skip
    cells = book["Reps"][3]
    assert [cell.data_type for cell in cells] == ["s", "n", "n", "d"]
    assert [cell.number_format for cell in cells[1:]] == ["#,##0.00", "0.0 %", "yyyy-mm-dd"]
    assert book.properties.created == datetime(2026, 12, 1)
    told = [cell.value for row in book["Summary"].iter_rows() for cell in row if cell.value is not None]
    assert "Won, EUR" in told and 1234.5 in told


def test_sheets_have_names_that_excel_takes() -> None:
    section = report([["a", 1, None, None]], "A: which [of] them / all? And a heading that is long").sections[0]
    twice = Report("sales", "Sales", [], [], [], [section, section])
    names = openpyxl.load_workbook(io.BytesIO(workbook(twice, FRAME))).sheetnames
    assert len(set(names)) == 4 and all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_the_same_report_gives_the_same_bytes() -> None:
    told = report([["a", 1, None, None]])
    paper = pdf(told, FRAME)
    assert paper.startswith(b"%PDF-") and paper == pdf(told, FRAME)
    assert workbook(told, FRAME) == workbook(told, FRAME)


def test_naughty_strings_are_text_in_both(real_data: Path) -> None:
    strings = json.loads((real_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    told = report([[text, 1, None, None] for text in strings])
    assert pdf(told, FRAME).startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(workbook(told, FRAME)))
    cells = [row[0] for row in book["Reps"].iter_rows(min_row=3)]
    assert [cell.value or "" for cell in cells] == [plain(text) for text in strings]
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
