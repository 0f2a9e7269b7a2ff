"""How a database is read, as the source's YAML describes it."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from include.config_files import StrictModel
from include.sources.config.request import PLACEHOLDER, WINDOW_PLACEHOLDERS

QUERY_PLACEHOLDERS = WINDOW_PLACEHOLDERS | {"window_start", "window_end"}


class Database(StrictModel):
    """A ``table`` (``name`` or ``schema.name``), or the rows of a ``query``.

    Bounded by the window in one of three ways: by the time in the column ``changed_at``, by placeholders in the query
    (``{window_start}``, ``{window_end}`` and those of a request; all of them are bound), or read whole every time
    (``full``). ``timezone`` is the one of the database's times without a zone; by default they are the business's own.
    """

    table: Annotated[str, Field(min_length=1)] | None = None
    query: Annotated[str, Field(min_length=1)] | None = None
    changed_at: Annotated[str, Field(min_length=1)] | None = None
    full: bool = False
    timezone: ZoneInfo | None = None

    def placeholders(self) -> set[str]:
        """The names in braces in the query."""
        return set(PLACEHOLDER.findall(self.query or ""))

    @model_validator(mode="after")
    def _bounded_by_the_window(self) -> "Database":
        if (self.table is None) == (self.query is None):
            raise ValueError("give table: or query:, one of them")
        if unknown := self.placeholders() - QUERY_PLACEHOLDERS:
            known = ", ".join(sorted(QUERY_PLACEHOLDERS))
            raise ValueError(f"query: no placeholder {', '.join(sorted(unknown))}; there are {known}")
        if [self.changed_at is not None, bool(self.placeholders()), self.full].count(True) != 1:
            raise ValueError(
                "bound it by the window in one way: changed_at, {window_start} in the query, or full: true"
            )
        return self
