"""How files are read, as the source's YAML describes it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from include.config_files import StrictModel

# Names of files that are still being sent, of programs' own leavings, and of anything in a folder of such a name.
UNFINISHED = re.compile(r"(^|/)(?!\.\.?/)[._~]|~$|\.(part|partial|filepart|tmp|crdownload)$", re.IGNORECASE)

# which formats a key goes with, when not with all
_ONLY = {
    "delimiter": ("csv",),
    "quote": ("csv",),
    "escape": ("csv",),
    "encoding": ("csv", "jsonl"),
    "header": ("csv", "excel"),
    "sheet": ("excel",),
    "decimal": ("csv", "excel"),
    "thousands": ("csv", "excel"),
    "numbers": ("csv", "excel"),
    "dates": ("csv", "excel"),
    "columns": ("csv", "excel", "parquet"),
}
_A_DAY = datetime(2001, 2, 3, 16, 5, 6, tzinfo=UTC)

_Character = Annotated[str, Field(min_length=1, max_length=1)]


class Files(StrictModel):
    """Files of one folder, each a table, packed (``.gz``, ``.zip``) or not.

    ``date_pattern`` finds the business day (YYYY-MM-DD) in the name, as its one group; without it every window looks at
    all files. ``columns`` are the ones a file must have; more may come. ``numbers`` and ``dates`` name the columns
    whose text is written another way than ``1234.5`` and ``2026-03-05``, and how.
    """

    path: str = "{connection.extra.path}"
    pattern: str
    date_pattern: str | None = None
    snapshot: bool = False
    members: str = "*"
    aside: str | None = None
    format: Literal["csv", "excel", "jsonl", "parquet"] = "csv"
    columns: tuple[str, ...] = ()
    header: Annotated[int, Field(ge=0)] = 1
    delimiter: Annotated[str, Field(min_length=1)] = ","
    quote: _Character | None = '"'
    escape: _Character | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: _Character | None = None
    numbers: tuple[str, ...] = ()
    dates: dict[str, str] = Field(default_factory=dict)

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"no encoding {encoding!r}: utf-8, utf-16, cp1252, gb18030, …") from None
        return encoding

    @field_validator("pattern")
    @classmethod
    def _finished(cls, pattern: str) -> str:
        if UNFINISHED.search(pattern):
            raise ValueError(f"{pattern!r} is how files are named that are still being written: those are left alone")
        return pattern

    @field_validator("date_pattern")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern).groups if pattern else 1
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError("needs exactly one group, around the date: orders-(\\d{4}-\\d{2}-\\d{2})\\.csv")
        return pattern

    @field_validator("dates")
    @classmethod
    def _whole_days(cls, dates: dict[str, str]) -> dict[str, str]:
        for column, form in dates.items():
            try:
                is_whole = datetime.strptime(_A_DAY.strftime(form), form).date() == _A_DAY.date()
            except ValueError:
                is_whole = False
            if not is_whole:
                raise ValueError(f"{column}: {form!r} does not tell a day: %d.%m.%Y, %m/%d/%Y %H:%M, …")
        return dates

    @model_validator(mode="after")
    def _hangs_together(self) -> "Files":
        for key in self.model_fields_set:
            if self.format not in _ONLY.get(key, (self.format,)):
                raise ValueError(f"{key}: does not go with format: {self.format}")
        if not self.columns and self.format != "jsonl":
            raise ValueError("columns: name those that a file must have")
        if (self.decimal != "." or self.thousands) and not self.numbers:
            raise ValueError("numbers: name the columns that hold numbers written like that")
        if self.thousands == self.decimal or (self.thousands and self.thousands.isalnum()):
            raise ValueError(f"thousands: {self.thousands!r} cannot part thousands")
        if len(self.delimiter) > 1 and self.quote:
            raise ValueError("delimiter: one of several characters goes with quote: null only")
        return self
