"""How a web site is read, as the source's YAML describes it."""

from typing import Annotated, Literal

from pydantic import Field

from include.config_files import StrictModel

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Web(StrictModel):
    """Pages of a web site, followed from ``start`` by links; records are what the item pages tell of.

    ``next`` and ``items`` are CSS selectors of links to further listings and to item pages. Of an item page, JSON-LD of
    the ``type`` comes first; where there is none, markup: ``each`` selects the part of the page that is one record
    (without it the page is one), ``fields`` gives selectors in a record's part and ``page_fields`` in the whole page,
    tried in order.
    """

    start: Annotated[tuple[str, ...], Field(min_length=1)]
    next: str | None = None
    items: str
    type: Literal["Person", "Organization"] = "Person"
    each: str | None = None
    fields: Annotated[dict[_Name, tuple[str, ...]], Field(min_length=1)]
    page_fields: dict[_Name, tuple[str, ...]] = Field(default_factory=dict)
    max_pages: Annotated[int, Field(gt=0)] = 10_000
    max_depth: Annotated[int, Field(gt=0)] = 1_000
