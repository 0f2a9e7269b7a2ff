"""How a list goes on from one answer to the next, as a source's YAML describes it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel

Target = Annotated[str, Field(pattern=r"^(params|body)\..+")]
_Key = Annotated[str, Field(pattern=r"^[\w.@-]+$")]


class NoPaging(StrictModel):
    """The first answer is all there is."""

    kind: Literal["none"] = "none"


class _Paging(StrictModel):
    # dotted paths in the answer: another page follows only while `more` is true; none follows once `end` is
    more: str | None = None
    end: str | None = None


class CursorPaging(_Paging):
    """The answer's ``next`` goes ``into`` the next request (``body.after``, ``params.cursor``).

    ``keep`` is for an API that is asked by cursor only, not by time: the last cursor is remembered, and the next load
    goes on from it.
    """

    kind: Literal["cursor"]
    next: str
    into: Target
    keep: bool = False


class NextUrlPaging(_Paging):
    """The answer's ``next`` is the next request's address. Only its path and query are used: the host stays."""

    kind: Literal["next_url"]
    next: str


class LinkHeaderPaging(_Paging):
    """The header ``Link`` has the next request's address, as ``rel="next"`` (RFC 8288). The host stays."""

    kind: Literal["link_header"]


class OffsetPaging(_Paging):
    """``into`` counts the records read; a page with fewer than ``size`` is the last.

    A page starts with the last record of the one before, so that records that leave or join the list meanwhile are
    noticed, and none slips between two pages.
    """

    kind: Literal["offset"]
    into: Target
    size: Annotated[int, Field(gt=1)]


class RangePaging(StrictModel):
    """Records by their place in the header ``Range`` (``items=0-99``); ``Content-Range`` says what came, of how many.

    Pages overlap by a record, as those of an offset do.
    """

    kind: Literal["range"]
    unit: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "items"
    size: Annotated[int, Field(gt=1)]


class PageNumberPaging(_Paging):
    """``into`` counts pages from ``first``; a page with fewer than ``size`` records is the last."""

    kind: Literal["page_number"]
    into: Target
    size: Annotated[int, Field(gt=0)]
    first: int = 1


_Value = int | str


class KeysetPaging(_Paging):
    """The request asks for records after the last one read, in order of ``key``, a path in each record.

    One key is ``{last}`` in the request, of several each is ``{last.<path>}``. ``first`` are their values in the first
    request: a number when the key is one, else text; placeholders of the window may be in it. Without ``more`` an
    empty page is the last.

    It knows no limit on the results of one search, and nothing is missed when records leave the result between two
    pages, as they do while a source is in use.
    """

    kind: Literal["keyset"]
    key: _Key | Annotated[tuple[_Key, ...], Field(min_length=1)]
    first: _Value | tuple[_Value, ...] = 0

    @model_validator(mode="after")
    def _as_many_first_values(self) -> "KeysetPaging":
        if isinstance(self.key, str) != (not isinstance(self.first, tuple)) or len(self.keys) != len(self.firsts):
            raise ValueError("first: needs a value for each key, in a list when key is one")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """Placeholder → path in a record, in the order of sorting."""
        return {"last": self.key} if isinstance(self.key, str) else {f"last.{key}": key for key in self.key}

    @property
    def firsts(self) -> tuple[_Value, ...]:
        """The values of the first request, one for each key."""
        return self.first if isinstance(self.first, tuple) else (self.first,)


Paging = Annotated[
    NoPaging
    | CursorPaging
    | NextUrlPaging
    | LinkHeaderPaging
    | OffsetPaging
    | RangePaging
    | PageNumberPaging
    | KeysetPaging,
    Field(discriminator="kind"),
]
