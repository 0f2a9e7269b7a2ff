"""How an HTTP API is read, as the source's YAML describes it."""

from typing import Annotated

from pydantic import Field, model_validator

from include.config_files import StrictModel
from include.sources.config.paging import CursorPaging, KeysetPaging, NoPaging, Paging
from include.sources.config.request import WINDOW_PLACEHOLDERS, Request, placeholders

PARENT = "parent."


class Until(StrictModel):
    """For a source that is told only where to start: records whose instant at ``path`` is at or past the window's end
    are left to a later window. When the source answers in order of it, reading stops there."""

    path: str
    ordered: bool = True


class Limit(StrictModel):
    """For a search that gives no more than its first ``results`` results: ``total`` is the path of their number in the
    answer. A window with more is halved until each piece fits."""

    results: Annotated[int, Field(gt=0)]
    total: str


class Enrich(StrictModel):
    """A look-up for many records at once, merged into each of them under ``into``.

    ``{inputs}`` in the request becomes ``[{"id": …}, …]``, at most ``batch`` of them; of each answer at ``records``,
    ``match`` is the record's id and ``take`` what to keep (with ``each``: a list of that path in every element).
    """

    request: Request
    batch: Annotated[int, Field(gt=0)]
    id: str = "id"
    records: str
    match: str
    take: str
    each: str | None = None
    into: str

    @model_validator(mode="after")
    def _known_placeholders(self) -> "Enrich":
        if self.request.placeholders() != {"inputs"}:
            raise ValueError("request: takes the one placeholder {inputs}")
        return self


class Rest(StrictModel):
    """One list of records behind an HTTP API; ``also`` are further ones of the same shape (archived records).

    A request must be bounded by the window: by placeholders, by ``within`` (the path of an instant that must lie in
    the window, for lists that cannot be asked by time), be a small list read whole each time (``snapshot``), or go on
    from a cursor that is kept.

    ``parents`` is a list of which every record has one of these lists: ``{parent.<path>}`` in the path is a value of
    its record, which every record found there gets under ``parent``.
    """

    request: Request
    records: str
    parents: "Rest | None" = None
    each: str | None = None
    paging: Paging = NoPaging()
    limit: Limit | None = None
    until: Until | None = None
    within: str | None = None
    snapshot: bool = False
    enrich: tuple[Enrich, ...] = ()
    also: tuple["Rest", ...] = ()

    @model_validator(mode="after")
    def _bounded_by_the_window(self) -> "Rest":
        names = self.request.placeholders()
        own = set(self.paging.keys) if isinstance(self.paging, KeysetPaging) else set()
        if missing := own - names:
            wanted = ", ".join(f"{{{name}}}" for name in sorted(missing))
            raise ValueError(f"request: keyset paging needs the placeholder {wanted} somewhere in the request")
        if isinstance(self.paging, KeysetPaging):
            names = names | placeholders(self.paging.firsts)
        names -= self._of_parents()
        if unknown := names - own - WINDOW_PLACEHOLDERS:
            known = ", ".join(sorted(own | WINDOW_PLACEHOLDERS))
            raise ValueError(f"request: no placeholder {', '.join(sorted(unknown))}; there are {known}")
        if not (names - own or self.within or self.snapshot or self.keeps_cursor):
            raise ValueError("bound it by the window: a {window_start_…} placeholder, within, or snapshot: true")
        if self.limit and not all(
            any(name.startswith(end) for name in names) for end in ("window_start", "window_end")
        ):
            raise ValueError("limit: needs a {window_start_…} and a {window_end_…} in the request, to halve the window")
        if any(part.keeps_cursor for part in self.also):
            raise ValueError("also: a cursor can only be kept for the entity's own list")
        return self

    def _of_parents(self) -> set[str]:
        """The placeholders that stand for values of a parent."""
        names = {name for name in placeholders(self.request.path) if name.startswith(PARENT)}
        if bool(names) != bool(self.parents):
            raise ValueError("parents: goes with a {parent.…} in request.path, and only with it")
        if self.parents and self.keeps_cursor:
            raise ValueError("parents: a cursor can only be kept for one list")
        return names

    @property
    def keeps_cursor(self) -> bool:
        """Whether a load goes on from where the last one ended."""
        return isinstance(self.paging, CursorPaging) and self.paging.keep
