"""How an HTTP API is read, as the source's YAML describes it."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel

PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
WINDOW_PLACEHOLDERS = frozenset(
    f"window_{end}_{form}" for end in ("start", "end") for form in ("ms", "s", "iso", "day")
)
_Target = Annotated[str, Field(pattern=r"^(params|body)\..+")]


class Auth(StrictModel):
    """How the connection's password goes with each request; ``name`` is the header's, for kind header."""

    kind: Literal["bearer", "basic", "header", "none"] = "none"
    name: str | None = None

    @model_validator(mode="after")
    def _header_has_a_name(self) -> "Auth":
        if (self.kind == "header") != (self.name is not None):
            raise ValueError("name: the header's name goes with kind header, and only with it")
        return self


class Request(StrictModel):
    """One request; strings may hold placeholders like ``{window_start_ms}`` (see `WINDOW_PLACEHOLDERS`).

    A string that is nothing but one placeholder takes the value's own type.
    """

    method: Literal["GET", "POST"] = "GET"
    path: Annotated[str, Field(pattern=r"^/")]
    params: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] | None = None

    def placeholders(self) -> set[str]:
        """The names in braces, anywhere in the request."""
        return {name for text in _strings([self.path, self.params, self.body]) for name in PLACEHOLDER.findall(text)}


class NoPaging(StrictModel):
    """The first answer is all there is."""

    kind: Literal["none"] = "none"


class _Paging(StrictModel):
    # dotted paths in the answer: another page follows only while `more` is true; none follows once `end` is
    more: str | None = None
    end: str | None = None


class CursorPaging(_Paging):
    """The answer's ``next`` goes ``into`` the next request (``body.after``, ``params.cursor``)."""

    kind: Literal["cursor"]
    next: str
    into: _Target


class NextUrlPaging(_Paging):
    """The answer's ``next`` is the next request's address. Only its path and query are used: the host stays."""

    kind: Literal["next_url"]
    next: str


class OffsetPaging(_Paging):
    """``into`` counts the records read; a page with fewer than ``size`` is the last."""

    kind: Literal["offset"]
    into: _Target
    size: Annotated[int, Field(gt=0)]


class PageNumberPaging(_Paging):
    """``into`` counts pages from ``first``; a page with fewer than ``size`` records is the last."""

    kind: Literal["page_number"]
    into: _Target
    size: Annotated[int, Field(gt=0)]
    first: int = 1


class KeysetPaging(_Paging):
    """The request asks for records after ``{last}``, in order of ``key``: a whole number in each record.

    It knows no limit on the results of one search, and nothing is missed when records leave the result between two
    pages, as they do while a source is in use: an offset would slip.
    """

    kind: Literal["keyset"]
    key: str
    first: int = 0
    more: str


Paging = Annotated[
    NoPaging | CursorPaging | NextUrlPaging | OffsetPaging | PageNumberPaging | KeysetPaging,
    Field(discriminator="kind"),
]


class Until(StrictModel):
    """For a source that is told only where to start: records whose instant at ``path`` is at or past the window's end
    are left to a later window. When the source answers in order of it, reading stops there."""

    path: str
    ordered: bool = True


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
    the window, for lists that cannot be asked by time), or be a small list read whole each time (``snapshot``).
    """

    request: Request
    records: str
    each: str | None = None
    paging: Paging = NoPaging()
    until: Until | None = None
    within: str | None = None
    snapshot: bool = False
    enrich: tuple[Enrich, ...] = ()
    also: tuple["Rest", ...] = ()

    @model_validator(mode="after")
    def _bounded_by_the_window(self) -> "Rest":
        names = self.request.placeholders()
        own = {"last"} if isinstance(self.paging, KeysetPaging) else set()
        if own - names:
            raise ValueError("request: keyset paging needs the placeholder {last} somewhere in the request")
        if unknown := names - own - WINDOW_PLACEHOLDERS:
            known = ", ".join(sorted(own | WINDOW_PLACEHOLDERS))
            raise ValueError(f"request: no placeholder {', '.join(sorted(unknown))}; there are {known}")
        if not (names - own or self.within or self.snapshot):
            raise ValueError("bound it by the window: a {window_start_…} placeholder, within, or snapshot: true")
        return self


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
