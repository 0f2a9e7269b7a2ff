"""The report as a workbook: its figures and tables in typed cells, a sheet a section."""

import io
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from include.reports.config import PLAIN, Brand
from include.reports.definitions import term
from include.reports.frame import Frame
from include.reports.language import N_, _
from include.reports.model import Picture, Report, Section, Table
from include.reports.words import cut, days_between, listed, plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# How each kind of value is shown. A share is kept as one (0.25 is 25 %), minutes as minutes.
FORMATS = {
    "count": "#,##0", "amount": "#,##0.00", "share": N_("0.0 %"), "days": "#,##0.0", "minutes": "#,##0",
    "date": "yyyy-mm-dd",
}  # fmt: skip
UNITS = {"minutes": N_("minutes"), "days": N_("days")}
_LONGEST_SHEET = 31
_LONGEST_TEXT = 32_767  # of a cell, else Excel takes none of it
_NOT_IN_SHEETS = str.maketrans("[]:*?/\\", "       ")


def workbook(report: Report, frame: Frame, brand: Brand = PLAIN) -> bytes:
    """The report as an Excel file; the same report gives the same bytes. Text is text: nothing in it is a formula."""
    from xlsxwriter import Workbook

    made = io.BytesIO()
    book = Workbook(
        made,
        {
            "in_memory": True, "remove_timezone": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )  # fmt: skip
    # the only clock in it is the window's
    book.set_properties(
        {"title": report.title, "company": brand.name, "created": frame.window.end.replace(tzinfo=None)}
    )
    writer = _Writer(book)
    writer.summary(report, frame)
    for section in report.sections:
        if any(isinstance(block, Table) for block in section.blocks):
            writer.section(section)
    writer.definitions(report)
    book.close()
    return made.getvalue()


class _Writer:
    def __init__(self, book: Any) -> None:
        self._book = book
        self._names: set[str] = set()
        self._formats: dict[str, Format] = {
            kind: book.add_format({"num_format": _(shown) if kind == "share" else shown, "valign": "top"})
            for kind, shown in FORMATS.items()
        }
        self._title = book.add_format({"bold": True, "font_size": 16})
        self._heading = book.add_format({"bold": True, "font_size": 12})
        self._column = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._text = book.add_format({"text_wrap": True, "valign": "top"})

    def summary(self, report: Report, frame: Frame) -> None:
        """Title, window, what changed, what is doubtful, and the figures."""
        sheet = self._sheet(_("Summary"))
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 3, 44)
        sheet.write_string(0, 0, report.title, self._title)
        sheet.write_string(1, 0, days_between(frame.window.first_day, frame.window.last_day), self._heading)
        as_of = f"{frame.window.end:%Y-%m-%d %H:%M}"
        sheet.write_string(2, 0, _("As of {as_of} UTC. Sources: {sources}", as_of=as_of, sources=listed(frame.sources)))
        row = 4
        for heading, lines in ((_("What changed"), report.changes), (_("Missing or doubtful"), report.doubts)):
            sheet.write_string(row, 0, heading, self._heading)
            for line in lines or (_("Nothing."),):
                row += 1
                sheet.write_string(row, 0, plain(line))
            row += 2
        sheet.write_row(row, 0, (_("Figure"), _("Value"), _("Compared"), _("What it means")), self._column)
        for tile in report.tiles:
            row += 1
            sheet.write_string(row, 0, _labelled(tile.label, tile.unit or _unit(tile.kind)), self._text)
            self._write(sheet, row, 1, tile.kind, tile.value)
            change = tile.change.text if tile.change else ""
            sheet.write_string(row, 2, f"{change} {tile.note}".strip(), self._text)
            sheet.write_string(row, 3, term(tile.term)[1], self._text)

    def section(self, section: Section) -> None:
        """The tables of a section, one under another, each with a filter when it is the only one."""
        sheet = self._sheet(section.heading)
        tables = [block for block in section.blocks if isinstance(block, Table)]
        row = 0
        for table in tables:
            sheet.write_string(row, 0, table.caption, self._heading)
            for place, column in enumerate(table.columns):
                heading = _labelled(column.heading, _unit(column.kind))
                sheet.write_string(row + 1, place, heading, self._column)
                sheet.set_column(place, place, 32 if column.kind == "text" and not place else 16)
            for number, values in enumerate(table.rows, row + 2):
                for place, (column, value) in enumerate(zip(table.columns, values, strict=True)):
                    self._write(sheet, number, place, column.kind, value)
            end = row + 1 + len(table.rows)
            if len(tables) == 1 and table.rows:
                sheet.autofilter(row + 1, 0, end, len(table.columns) - 1)
                sheet.freeze_panes(row + 2, 1)
            if table.note:
                end += 1
                sheet.write_string(end, 0, table.note)
            row = end + 3

    def definitions(self, report: Report) -> None:
        """What every term of the report means."""
        sheet = self._sheet(_("Definitions"))
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 110)
        sheet.write_row(0, 0, (_("Term"), _("Meaning")), self._column)
        for row, key in enumerate(_terms(report), 1):
            name, meaning = term(key)
            sheet.write_string(row, 0, name, self._text)
            sheet.write_string(row, 1, meaning, self._text)

    def _sheet(self, heading: str) -> "Worksheet":
        name = heading.translate(_NOT_IN_SHEETS)[:_LONGEST_SHEET].strip()
        number = 1
        while name.casefold() in self._names:
            number += 1
            end = f" {number}"
            name = name[: _LONGEST_SHEET - len(end)] + end
        self._names.add(name.casefold())
        return self._book.add_worksheet(name)

    def _write(self, sheet: "Worksheet", row: int, column: int, kind: str, value: Any) -> None:
        if value is None:
            return
        shown = self._formats.get(kind)
        if isinstance(value, date):
            sheet.write_datetime(row, column, value, self._formats["date"])
        elif isinstance(value, int | float | Decimal) and shown:
            sheet.write_number(row, column, float(value), shown)
        else:
            sheet.write_string(row, column, cut(plain(str(value)), _LONGEST_TEXT), self._text)


def _unit(kind: str) -> str:
    return _(UNITS[kind]) if kind in UNITS else ""


def _labelled(label: str, unit: str) -> str:
    return _("{label}, {unit}", label=label, unit=unit) if unit else label


def _terms(report: Report) -> list[str]:
    """The terms that the report uses, in the order of their names."""
    used = {tile.term for tile in report.tiles}
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table):
                used |= {column.term for column in block.columns if column.term}
            elif isinstance(block, Picture) and block.term:
                used.add(block.term)
    return sorted(used, key=lambda key: term(key)[0].casefold())
