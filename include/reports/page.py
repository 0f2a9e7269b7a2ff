"""The report as a page: one HTML file that needs nothing else."""

import base64
import hashlib
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.reports.colours import seen_on
from include.reports.config import PLAIN, Brand
from include.reports.definitions import term
from include.reports.frame import Frame
from include.reports.language import _, _n, language
from include.reports.model import Picture, Report, Sentence, Table
from include.reports.words import day, days_between, listed, show, weekday

NUMERIC = frozenset({"count", "amount", "share", "days", "minutes"})
DECIMAL = frozenset({"amount", "share", "days"})
DARK = "#18222a"  # what text stands on where the reader's system is dark
SORT = Path(__file__).with_name("sort.js").read_text("utf-8")


def page(report: Report, frame: Frame, brand: Brand = PLAIN) -> bytes:
    """The report as one self-contained HTML file in UTF-8; the same report gives the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # a figure and its sign stay on one line
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    environment.globals["_"] = _
    notes = Notes()
    template = environment.get_template("page.html.j2")
    return template.render(
        report=report,
        brand=brand,
        accent_in_dark=seen_on(DARK, brand.accent),
        logo=_logo_uri(brand),
        script=Markup(SORT),
        script_source=script_source(SORT),
        window=window_words(frame),
        period=days_between(frame.window.first_day, frame.window.last_day),
        sources=listed(list(frame.sources)),
        as_of=instant(frame.window.end, frame),
        zone=frame.window.zone.key,
        show=show,
        exact=_exact,
        fixed_columns=fixed_columns,
        is_numeric=NUMERIC.__contains__,
        kind_of=_kind_of,
        picture_uri=_picture_uri,
        note=notes.number,
        define=term,
        width=width,
        tongue=tongue(),
        notes=notes,
    ).encode()


def script_source(script: str) -> str:
    """How a Content-Security-Policy names a script that it lets run, by what it says."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _logo_uri(brand: Brand) -> str:
    if brand.logo_path is None:
        return ""
    kind = "svg+xml" if brand.logo_path.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(brand.logo_path.read_bytes()).decode()}"


class Notes:
    """Numbers the definitions in the order in which the page uses them."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def number(self, term: str) -> int:
        if term not in self.used:
            self.used.append(term)
        return self.used.index(term) + 1


def _kind_of(block: Picture | Table | Sentence) -> str:
    return type(block).__name__.lower()


def _picture_uri(picture: Picture) -> Markup:
    return Markup("data:image/svg+xml;base64," + base64.b64encode(picture.svg).decode())


def fixed_columns(table: Table) -> list[bool]:
    """For each column whether one of its figures has decimals, so that all are shown with them."""
    return [
        column.kind in DECIMAL and any("." in show(column.kind, row[place]) for row in table.rows)
        for place, column in enumerate(table.columns)
    ]


def _exact(value: Any) -> str:
    """The value for machines: no grouping, no rounding."""
    return "" if value is None else f"{value:f}" if hasattr(value, "quantize") else str(value)


def window_words(frame: Frame) -> str:
    return _n(
        "{n} day, from {start} up to, and not including, {end}, {zone} time",
        "{n} days, from {start} up to, and not including, {end}, {zone} time",
        frame.length,
        start=instant(frame.window.start, frame),
        end=instant(frame.window.end, frame),
        zone=frame.window.zone.key,
    )


def instant(at: datetime, frame: Frame) -> str:
    local = at.astimezone(frame.window.zone)
    return _("{weekday} {day} {time}", weekday=weekday(local), day=day(local), time=f"{local:%H:%M}")


def tongue() -> str:
    """The language that is spoken, as pages name it."""
    return {"en": "en", "zh": "zh-CN"}[language()]


def width(text: str) -> int:
    """How many letters wide a text is; a Chinese one is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
