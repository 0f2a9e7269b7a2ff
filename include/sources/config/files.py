"""How files are read, as the source's YAML describes it."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from include.config_files import StrictModel


class Files(StrictModel):
    """CSV files of one folder; ``date_pattern`` finds the business day (YYYY-MM-DD) in the name, as its one group.

    Without a date pattern every window reads all files. ``columns`` are the ones a file must have; more may come.
    """

    path: str = "{connection.extra.path}"
    pattern: str
    date_pattern: str | None = None
    format: Literal["csv"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    columns: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"no encoding {encoding!r}: utf-8, utf-16, cp1252, gb18030, …") from None
        return encoding

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
