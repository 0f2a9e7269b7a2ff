"""How a web site is read, as the source's YAML describes it."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from include.config_files import StrictModel

# What every record has beside its fields.
OF_THE_RECORD = ("url", "page", "found_by")
# The fields that the generic contact extractor fills.
CONTACT_FIELDS = ("name", "organisation", "email", "emails", "phone", "phones", "address", "social")

Step = Literal["text", "link", "email", "phone", "url", "digits", "lower", "upper", "after_colon"]


def is_xpath(selector: str) -> bool:
    """Whether a selector is XPath: it starts with ``/``, ``./``, ``../`` or ``(``, as no CSS selector does."""
    return selector.lstrip().startswith(("/", "./", "../", "("))


def _selector(selector: str) -> str:
    from cssselect import SelectorError
    from lxml import etree
    from parsel.csstranslator import HTMLTranslator

    try:
        if is_xpath(selector):
            etree.XPath(selector, namespaces={"re": "re", "set": "set"})
        else:
            HTMLTranslator().css_to_xpath(selector)
    except (SelectorError, etree.XPathSyntaxError) as error:
        kind = "XPath" if is_xpath(selector) else "CSS"
        raise ValueError(f"{selector!r} is no {kind} selector: {error}") from None
    return selector


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return pattern


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_rules(value: Any) -> Any:
    """A selector, or a list of them, in place of the whole: ``a.next`` is ``{select: [a.next]}``."""
    return {"select": _as_list(value)} if isinstance(value, str | list | tuple) else value


_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Selector = Annotated[str, AfterValidator(_selector)]
_Selectors = Annotated[tuple[_Selector, ...], BeforeValidator(_as_list)]
_Patterns = Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_as_list)]


class Links(StrictModel):
    """Links of a page: those that ``select`` picks, or all when it is empty, by their address.

    ``select`` picks links, or parts of the page that hold links. An address is taken when one of ``allow`` is found in
    it (or there is none), and none of ``deny``.
    """

    select: _Selectors = ()
    allow: _Patterns = ()
    deny: _Patterns = ()

    def takes(self, address: str) -> bool:
        """Whether the patterns allow an absolute address."""
        if self.allow and not any(re.search(pattern, address) for pattern in self.allow):
            return False
        return not any(re.search(pattern, address) for pattern in self.deny)


class WebField(StrictModel):
    """One field of a record: selectors tried in order, steps that clean what was found, whether it must be there.

    ``clean`` None: what a selector found goes through ``text`` and ``link``, structured data stays as it came.
    """

    select: _Selectors = ()
    clean: Annotated[tuple[Step, ...], BeforeValidator(_as_list)] | None = None
    required: bool = False


_Links = Annotated[Links, BeforeValidator(_as_rules)]
_Fields = dict[_Name, Annotated[WebField, BeforeValidator(_as_rules)]]


class Web(StrictModel):
    """Pages of a web site, reached by links from ``start`` and by ``sitemap``; records are what the item pages tell.

    Of every page that is read, ``items`` are links to item pages, ``next`` to the following page of a listing,
    ``follow`` to pages that lead on. Without ``items`` every page is an item page.

    A field of an item page is looked for in structured data of the ``type``, then by its selectors, then (``contacts``)
    by the generic contact extractor. ``each`` selects the parts of a page that are one record each; without it a page
    is one. ``page_fields`` are looked for in the whole page, for all of its records.
    """

    start: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    sitemap: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    domains: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    items: _Links | None = None
    next: _Links | None = None
    follow: _Links | None = None
    ignore_parameters: tuple[str, ...] = ()

    type: Literal["Person", "Organization", "ContactPoint"] | None = "Person"
    each: _Selector | None = None
    fields: _Fields = Field(default_factory=dict)
    page_fields: _Fields = Field(default_factory=dict)
    contacts: bool = False
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None

    user_agent: Annotated[str, Field(min_length=1)] = "crm-autopilot (collects business contacts; obeys robots.txt)"
    concurrency: Annotated[int, Field(gt=0, le=16)] = 4
    delay_seconds: Annotated[float, Field(ge=0)] = 0.0
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    max_pages: Annotated[int, Field(gt=0)] = 10_000
    max_depth: Annotated[int, Field(gt=0)] = 20
    max_alike: Annotated[int, Field(gt=0)] = 1_000
    max_minutes: Annotated[float, Field(gt=0)] = 90.0

    @model_validator(mode="after")
    def _hangs_together(self) -> "Web":
        if not self.start and not self.sitemap:
            raise ValueError("start: or sitemap: has to say where to begin")
        if not self.fields and not self.contacts:
            raise ValueError("fields: say what to look for, or contacts: true for the generic contact extractor")
        names = {**self.fields, **self.page_fields}
        if taken := [name for name in OF_THE_RECORD if name in names]:
            raise ValueError(f"fields: {', '.join(taken)} every record has by itself: choose another name")
        if self.each is None and self.page_fields:
            raise ValueError("page_fields: are for each:; without it all fields are the page's")
        return self

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of a record's fields, in order."""
        own = (*self.fields, *self.page_fields)
        return (*own, *(name for name in CONTACT_FIELDS if name not in own)) if self.contacts else own
